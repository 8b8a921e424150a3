"""Hours for the CAF and the MSA: equal to a month counted by hand, on screen and in the files (R49)."""

import io
from datetime import UTC, date, datetime
from pathlib import Path

import pypdfium2
import pytest
import yaml
from python_calamine import CalamineWorkbook

from domain.enums import ActivityKind, AttendanceMark, BookingState, SocialFund, StaffRole
from tests.statements import recorded
from tests.views.reading import text

PAGE = "/gestion/heures-caf"
MONTH = yaml.safe_load((Path(__file__).parent / "caf_december.yaml").read_text(encoding="utf-8"))
ASKED = f"periode=2026-12&tranches={MONTH['brackets'].replace(' ; ', '+')}"
YEAR = "periode=2026"
JANUARY = datetime(2027, 1, 12, 9, tzinfo=UTC)


class Month:
    """The rows of the file in the database."""

    def __init__(self, world):
        self.world = world
        world.school_holiday(date(2026, 12, 19), date(2027, 1, 3), "Vacances de Noël")
        self.school, self.centre = world.facility("École du Centre"), world.facility("Centre de loisirs")
        self.activities, self.slots, self.openings, self.children = {}, {}, {}, {}
        for name, (kind, is_declared) in MONTH["activities"].items():
            place = self.centre if kind == "day" else self.school
            self.activities[name] = world.activity(place, name, ActivityKind(kind), is_declared=is_declared)
        for name, (activity, starts, ends, parts) in MONTH["slots"].items():
            self.slots[name] = world.presence_type(
                self.activities[activity], name, starts_minute=starts, ends_minute=ends, parts=parts
            )
        self.author = world.staff()
        for name, (fund, quotient, since, births) in MONTH["families"].items():
            home = world.household(name, social_fund=fund and SocialFund(fund))
            world.quotient(home, quotient, valid_from=since)
            for child, birth in births.items():
                self.children[child] = (home, world.child(home, child, birth_date=birth))
        for row in MONTH["days"]:
            self.write(*row)

    def write(self, child, number, booked, state, seen):
        home, row = self.children[child]
        slot = self.slots[booked or seen]
        opening = self.opening(slot.activity_id, date(2026, 12, number))
        booking = booked and self.world.booking(home, row, opening, slot, BookingState(state))
        if seen == "absent":
            self.world.attendance(booking, AttendanceMark.ABSENT, author_user_id=self.author.id)
        elif seen:
            self.world.presence(opening, home, row, self.slots[seen], booking, author_user_id=self.author.id)

    def opening(self, activity_id, day):
        if (activity_id, day) not in self.openings:
            activity = next(one for one in self.activities.values() if one.id == activity_id)
            place = self.centre if activity.facility_id == self.centre.id else self.school
            period = self.world.period(place, day, day)
            (self.openings[activity_id, day],) = self.world.openings(activity, period, [day])
        return self.openings[activity_id, day]


@pytest.fixture
def month(world):
    return Month(world)


def figures(cells) -> list[str]:
    """« 1, 1, 2 h, 1 h » as the file writes them."""
    children, presences, *hours = (" ".join(cell.get_text().split()) for cell in cells[:4])
    return [int(children), int(presences), *(_hours(one) for one in hours)]


def _hours(written: str) -> float:
    if written.endswith("min"):
        return int(written.split()[0]) / 60
    hours, _, minutes = written.partition(" h")
    return int(hours) + int(minutes or 0) / 60


def tables_of(page) -> tuple[dict, dict, dict]:
    ages, totals, quotients = {}, {}, {}
    for card in page.main.select("section.card:has(table)"):
        name = card.h2.get_text(strip=True)
        for place, table in enumerate(card.select("table")):
            for row in table.tbody.select("tr"):
                head = " ".join(row.th.get_text().split())
                found = figures(row.select("td"))
                if place:
                    quotients[f"{name} | {head[0].lower()}{head[1:]}"] = found
                elif head == "Total":
                    totals[name] = found
                else:
                    ages[f"{name} | {head.replace(', ', ' | ')}"] = found
    return ages, totals, quotients


def test_the_page_says_the_month_that_was_counted_by_hand(client, world, month):
    client.sign_in(world.staff(StaffRole.COLLECTOR))
    assert client.get(f"{PAGE}?{ASKED}").status_code == 200
    ages, totals, quotients = tables_of(client.page)
    assert ages == MONTH["ages"]
    assert totals == MONTH["totals"]
    assert quotients == MONTH["quotients"]
    said = text(client)
    assert MONTH["whole"] in said
    for name, (days, why) in MONTH["left_out"].items():
        assert f"{name} : {days} jour d’enfant" in said
        assert why in said


def test_the_files_say_the_same(client, world, month):
    client.sign_in(world.staff(StaffRole.ADMINISTRATOR))
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get(f"{PAGE}/fichier.xlsx?{ASKED}").data))
    rows = {name: book.get_sheet_by_name(name).to_python()[1:] for name in book.sheet_names}
    assert {" | ".join(row[:3]): row[3:] for row in rows["Heures"]} == MONTH["ages"]
    assert {row[0]: row[1:] for row in rows["Totaux"]} == MONTH["totals"]
    assert {" | ".join(row[:2]): row[2:] for row in rows["Quotients"]} == MONTH["quotients"]
    left_out = {f"{row[2]}, {row[3]}": [row[4], row[0].replace("\u00a0", " ")] for row in rows["Non compté"]}
    assert left_out == MONTH["left_out"]
    assert sum(row[-1] for row in rows["Enfants"]) == sum(one[3] for one in MONTH["totals"].values())

    document = pypdfium2.PdfDocument(client.get(f"{PAGE}/fichier.pdf?{ASKED}").data)
    said = " ".join(" ".join(page.get_textpage().get_text_bounded() for page in document).split())
    assert "Total 4 12 56 h 46 h" in said
    assert "Période : décembre 2026" in said


def test_a_figure_unfolds_into_its_children_and_days(client, world, month):
    client.sign_in(world.staff(StaffRole.DIRECTOR, [month.school, month.centre]))
    client.get(f"{PAGE}?{ASKED}")
    client.get(client.page.main.select_one("td a")["href"])
    said = text(client)
    assert "Périscolaire, matin, moins de 6 ans, CAF" in said
    assert "SOLIGNAC Léo" in said
    assert "1 jour de présence · 2 h réservées, 1 h réalisées" in said
    assert "Lundi 7 décembre, Garderie du matin, matin : réservé 1 h, réalisé 1 h" in said
    assert "Mardi 8 décembre, Garderie du matin, matin : réservé 1 h, réalisé 0 min" in said
    assert "10 décembre" not in said
    client.get(f"{PAGE}/enfants?{ASKED}&nature=midi&tranche=-1")
    assert "HAMIDI Nino" in text(client)
    assert "COSTES" not in text(client)


def test_school_time_holidays_and_structures_are_told_apart(client, world, month):
    client.sign_in(world.staff())
    client.get(f"{PAGE}?{ASKED}&temps=vacances")
    assert set(tables_of(client.page)[1]) == {"Extrascolaire, petites vacances"}
    client.get(f"{PAGE}?{ASKED}&temps=ecole&structure={month.centre.id}")
    assert set(tables_of(client.page)[1]) == {"Périscolaire, mercredi"}
    client.get(f"{PAGE}?periode=2026-T4")
    assert tables_of(client.page)[1] == MONTH["totals"]
    client.get(f"{PAGE}?periode=2027-01")
    assert "Aucune heure déclarée pendant cette période." in text(client)
    assert client.get(f"{PAGE}?periode=demain").status_code == 404
    assert client.get(f"{PAGE}?{ASKED}&tranches=beaucoup").status_code == 200  # the first one counts
    assert client.get(f"{PAGE}?tranches=beaucoup").status_code == 422
    assert "Écrivez le début de chaque tranche" in text(client)


def test_a_director_counts_its_own_structures(client, world, month):
    client.sign_in(world.staff(StaffRole.DIRECTOR, [month.school]))
    client.get(f"{PAGE}?{ASKED}")
    assert set(tables_of(client.page)[1]) == {
        "Périscolaire, matin", "Périscolaire, pause de midi", "Périscolaire, soir",
    }  # fmt: skip
    assert client.get(f"{PAGE}?{ASKED}&structure={month.centre.id}").status_code == 404
    for role in (StaffRole.RECEPTION, StaffRole.LEADER):
        client.sign_in(world.staff(role))
        assert client.get(PAGE).status_code == 403


def test_the_number_of_statements_does_not_follow_the_town(client, world, month):
    client.sign_in(world.staff())
    with recorded() as one:
        client.get(f"{PAGE}?{ASKED}")
    with recorded() as whole:
        client.get(f"{PAGE}?{YEAR}")
    assert len(whole) <= len(one) + 1 <= 20
