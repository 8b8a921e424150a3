"""The guide's three structures, entered on screen by an agent, then booked by a family (S107)."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from models import Activity, BookingPeriod, BookingRequestLine, Facility, Opening, PresenceType
from tests.school_family import words
from tests.views.reading import text
from tests.views.test_staff_facilities import press

HOME = "/gestion/structures"
CONFIRM = ("step", "preview")
WINTER = (date(2027, 2, 6), date(2027, 2, 21))
STRIKE = date(2027, 1, 26)
CLOSING = "/gestion/fermetures/nouvelle"

# The four shapes of a limit that the structures need.
FRIDAY_AND_TUESDAY = "tableau", {
    "etape1-lundi-jour": "vendredi", "etape1-lundi-heure": "09:00",
    "etape1-mardi-jour": "vendredi", "etape1-mardi-heure": "09:00",
    "etape1-jeudi-jour": "mardi", "etape1-jeudi-semaines_avant": "0", "etape1-jeudi-heure": "09:00",
    "etape1-vendredi-jour": "mardi", "etape1-vendredi-semaines_avant": "0", "etape1-vendredi-heure": "09:00",
    "etape1-limite": "exclue", "etape1-effet": "libre", "ensuite": "refus",
}  # fmt: skip
THURSDAY_BEFORE = "semaine", {
    "etape1-jour": "jeudi", "etape1-heure": "12:00", "etape1-limite": "incluse", "etape1-effet": "libre",
    "ensuite": "sur_demande",
}  # fmt: skip


def days_before(number: int, base: str, clock: str) -> tuple[str, dict[str, str]]:
    return "jours-avant", {
        "etape1-jours": str(number), "etape1-base": base, "etape1-sans_feries": "0",
        "etape1-sans_vacances": "0", "etape1-heure": clock, "etape1-limite": "incluse",
        "etape1-effet": "libre", "ensuite": "refus",
    }  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """An activity as an agent enters it: weekdays from 0, `school_time` as the form asks for it."""

    name: str
    kind: str
    weekdays: tuple[str, ...]
    school_time: str
    capacity: int
    limit: tuple[str, dict[str, str]]
    types: tuple[tuple[str, str], ...]  # name and price
    waits: bool = False


SCHOOL_DAYS, WEDNESDAY, WEEK = ("0", "1", "3", "4"), ("2",), ("0", "1", "2", "3", "4")
CARE, CENTRE = days_before(2, "lundi_vendredi", "12:00"), days_before(3, "tous", "23:59")
FORMULAS = (("Journée avec repas", "12,35"), ("Demi-journée avec repas", "9,15"))


def at_school(
    name: str, kind: str, capacity: int, limit: tuple[str, dict[str, str]], *types: tuple[str, str]
) -> Entry:
    return Entry(name, kind, SCHOOL_DAYS, "outside", capacity, limit, types)


STRUCTURES = {
    "Écoles de Cahors": (
        "school",
        "automatic",
        (
            at_school("Garderie du matin", "morning", 40, CARE, ("Garderie matin", "1,10")),
            at_school("Restaurant scolaire", "meal", 120, FRIDAY_AND_TUESDAY, ("Repas enfant", "3,05")),
            at_school("Garderie du soir", "evening", 50, CARE, ("Garderie soir", "1,45")),
        ),
    ),
    "ALSH Saint-Géry": (
        "leisure_centre",
        "manual",
        (
            Entry("Mercredis", "day", WEDNESDAY, "outside", 24, THURSDAY_BEFORE, FORMULAS[:1]),
            Entry("Vacances", "day", WEEK, "only", 24, days_before(15, "tous", "24:00"), FORMULAS[:1]),
        ),
    ),
    "ALSH Labastide-Marnhac": (
        "leisure_centre",
        "automatic",
        (
            Entry("Mercredis", "day", WEDNESDAY, "outside", 10, CENTRE, FORMULAS, waits=True),
            Entry("Vacances", "day", WEEK, "only", 10, CENTRE, FORMULAS, waits=True),
        ),
    ),
}


class Agent:
    """Fills the pages of the service, and nothing but those."""

    def __init__(self, client, world) -> None:
        self.client, self.world = client, world

    def enter(self, name: str, kind: str, mode: str, activities: tuple[Entry, ...]) -> None:
        self.client.submit(f"{HOME}/nouvelle", {"name": name, "kind": kind, "validation_mode": mode})
        facility = self._newest(Facility)
        self.client.submit(
            f"{HOME}/{facility.id}/periodes/nouvelle",
            {"name": "Hiver", "first_day": "2027-01-18", "last_day": "2027-02-28", "opens_on": "2027-01-01"},
        )
        for entry in activities:
            self._activity(facility, entry)

    def _newest(self, table):
        return self.world.all(select(table).order_by(table.id))[-1]

    def _activity(self, facility: Facility, entry: Entry) -> None:
        typed = {"name": entry.name, "kind": entry.kind, "has_waiting_list": "y" if entry.waits else None}
        self.client.submit(f"{HOME}/{facility.id}/activites/nouvelle", typed)
        activity = self._newest(Activity)
        for name, price in entry.types:
            self._priced_type(activity, name, price)
        shape, limit = entry.limit
        for slug in ("reservation", "annulation"):
            page = f"{HOME}/activites/{activity.id}/delais/{slug}/nouveau/{shape}"
            self._confirmed(page, limit)
        self._confirmed(
            f"{HOME}/activites/{activity.id}/ouvertures/nouvelles",
            {
                "period_id": str(self._newest(BookingPeriod).id),
                "weekdays": list(entry.weekdays),
                "school_time": entry.school_time,
                "capacity": str(entry.capacity),
            },
        )

    def _priced_type(self, activity: Activity, name: str, price: str) -> None:
        page = f"{HOME}/activites/{activity.id}/types/nouveau"
        self.client.submit(page, {"name": name, "short_name": name.split()[0]})
        self._confirmed(
            f"{HOME}/types/{self._newest(PresenceType).id}/tarifs/nouveau",
            {
                "valid_from": "2027-01-01", "resident-0-cents": price,
                "resident_unknown": price, "same_prices": "y",
            },
        )  # fmt: skip

    def _confirmed(self, page: str, typed: dict) -> None:
        answer = self.client.submit(page, typed, button=CONFIRM)
        assert answer.status_code == 200, text(self.client)
        assert press(self.client, "save").status_code == 303, text(self.client)

    def close(self, day: date, reason: str) -> None:
        open_that_day = select(Activity.facility_id).join(Opening).where(Opening.day == day).distinct()
        for facility_id in self.world.all(open_that_day):
            typed = {
                "target": f"f{facility_id}",
                "first": day.isoformat(),
                "last": day.isoformat(),
                "reason": reason,
            }
            self.client.submit(CLOSING, typed)
            assert press(self.client, "save").status_code == 303, text(self.client)


def test_the_three_structures_are_entered_then_booked(client, world):
    world.school_holiday(*WINTER)
    world.public_holiday(date(2027, 1, 1))
    client.sign_in(world.staff())
    agent = Agent(client, world)
    for name, (kind, mode, activities) in STRUCTURES.items():
        agent.enter(name, kind, mode, activities)
    agent.close(STRIKE, "Grève")
    assert_complete(client, world)
    assert_a_family_books(client, world)


def assert_complete(client, world):
    """Nothing is missing, and each activity opens in school time or in the holidays as asked."""
    for facility in world.all(Facility):
        client.get(f"{HOME}/{facility.id}")
        entries = STRUCTURES[facility.name][2]
        assert text(client).count("Complète") == len(entries)
        assert "Il manque" not in text(client)
    opened = world.all(Opening)
    kinds = {activity.id: activity for activity in world.all(Activity)}
    for opening in opened:
        is_school_time = not WINTER[0] <= opening.day <= WINTER[1]
        assert (kinds[opening.activity_id].name == "Vacances") is not is_school_time
    assert {opening.closed_reason for opening in opened if opening.day == STRIKE} == {"Grève"}
    assert {opening.closed_reason for opening in opened if opening.day != STRIKE} == {None}


def assert_a_family_books(client, world):
    """One request in the three places: each line gets the state and the price of its own structure."""
    household = world.household()
    leo = world.child(household)
    facilities = {facility.name: facility for facility in world.all(Facility)}
    for facility in facilities.values():
        world.enrol(leo, facility)
    client.sign_in(world.parent(household))
    client.submit("/reservations/nouvelle", {}, follow=True)
    assert {words(one) for one in client.page.select("details.card > summary")} == set(STRUCTURES)
    page = client.page.select_one('main form[action$="/etablissement"]')["action"]
    key = page.split("/")[2]
    wanted = (("Écoles de Cahors", date(2027, 2, 4)), ("ALSH Saint-Géry", date(2027, 2, 3)),
              ("ALSH Labastide-Marnhac", date(2027, 2, 24)))  # fmt: skip
    for name, day in wanted:
        client.submit(page, {"accueil": f"{facilities[name].id}:2027-02"}, follow=True)
        planning = f"/reservations/{key}/planning"
        if name == "Écoles de Cahors":
            meal = world.one(select(PresenceType).where(PresenceType.name == "Repas enfant"))
            planning += f"?type={meal.id}"
        client.submit(planning, form="#jours", button=("jour", f"{day}:book"))
    client.submit(f"/reservations/{key}/recapitulatif", form=f"/reservations/{key}/valider", follow=True)
    lines = world.all(select(BookingRequestLine).order_by(BookingRequestLine.day))
    assert [(line.day, line.state.value, line.price_cents) for line in lines] == [
        (date(2027, 2, 3), "pending", 1235),
        (date(2027, 2, 4), "accepted", 305),
        (date(2027, 2, 24), "accepted", 1235),
    ]
