"""A town that had ladders and price tables finds the same limits and the same prices in its règlement."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from domain.enums import LineAction, Outcome
from domain.rulebook.guided_limits import limit_of
from domain.rulebook.guided_prices import prices_of
from extensions import db
from models import Activity, PresenceType, QuotientFamilial, RulebookVersion
from queries.rules import RuleSet, rule_set
from services import rulebooks
from tests.migrations.conftest import migrate_to

pytestmark = pytest.mark.load  # a town of long ago, brought up each time

FROM_2025, FROM_2026, FROM_2027 = date(2025, 9, 1), date(2026, 9, 1), date(2027, 1, 1)
NOW = datetime(2025, 6, 1, tzinfo=UTC)

# --- The town before: rows as the former version of the portal wrote them -----------------------------------

CANTEEN, STUDY, CARE, NORTH, SOUTH, CLUB = range(1, 7)
MEAL, PICNIC, STUDIED, CARED, NORTH_DAY, SOUTH_DAY, CLUB_DAY = range(11, 18)
ALL_DAYS = {"base": "all", "minus_public_holidays": False, "minus_school_holidays": False}


def before(n: int, base: str, time: str, compare: str, clear_days: bool = False, **more: Any) -> dict:
    days = {**ALL_DAYS, "base": base, "extra_closed": [], **more}
    return {"form": "before", "n": n, "set": days, "time": time, "clear_days": clear_days, "compare": compare}


def ladder(*stages: tuple[dict, str], otherwise: str = "refuse") -> dict:
    return {
        "stages": [{"until": until, "outcome": outcome} for until, outcome in stages],
        "otherwise": otherwise,
    }


BY_WEEKDAY = {
    "form": "weekday_map",
    "compare": "before",
    "entries": [
        {"for": ["mon", "tue"], "day": "fri", "weeks_before": 1, "time": "09:00"},
        {"for": ["thu", "fri"], "day": "tue", "weeks_before": 0, "time": "09:00"},
    ],
}
SCHOOL_DAY_BEFORE = before(
    1,
    "school",
    "08:30",
    "before",
    minus_public_holidays=True,
    minus_school_holidays=True,
    extra_closed=["2027-01-15"],
)
THURSDAY_BEFORE = {
    "form": "week_cutoff", "day": "thu", "weeks_before": 1, "time": "12:00", "compare": "until",
}  # fmt: skip
TOWN_HALL_DAY_BEFORE = before(1, "office", "18:00", "until", minus_public_holidays=True)
CLEAR_FORTNIGHT = before(15, "all", "24:00", "until", clear_days=True)
TWO_STAGES = ladder(
    (before(2, "open", "10:00", "before"), "free"), (before(0, "all", "08:00", "until"), "on_request")
)
LADDERS = [
    (CANTEEN, "book", FROM_2025, date(2026, 12, 31), ladder((BY_WEEKDAY, "free"), otherwise="on_request")),
    (CANTEEN, "book", FROM_2027, None, ladder((SCHOOL_DAY_BEFORE, "free"))),
    (CANTEEN, "cancel", FROM_2025, None, ladder((THURSDAY_BEFORE, "free"))),
    (STUDY, "book", FROM_2025, None, ladder((TOWN_HALL_DAY_BEFORE, "free"))),
    (STUDY, "cancel", FROM_2025, None, ladder((TOWN_HALL_DAY_BEFORE, "free"))),
    (CLUB, "cancel", FROM_2025, None, ladder((before(1, "office", "18:00", "until"), "free"))),
    (CARE, "book", FROM_2025, None, ladder((before(2, "mon_fri", "12:00", "until"), "free"))),
    (NORTH, "book", FROM_2025, None, ladder((CLEAR_FORTNIGHT, "free"), otherwise="on_request")),
    (NORTH, "cancel", FROM_2025, None, ladder(({"form": "never"}, "free"))),
    (SOUTH, "book", FROM_2025, None, TWO_STAGES),
    (SOUTH, "cancel", FROM_2025, None, ladder(({"form": "always"}, "free"))),
    (CLUB, "book", FROM_2025, date(2026, 10, 31), ladder(otherwise="free")),
]  # fmt: skip


def bracket(lower: str | None, upper: str | None, cents: int, ends: str = "[[") -> dict:
    """`ends` says of each bound whether it belongs: « [ » for the lower one, « ] » for the upper one."""
    return {
        "lower": lower, "lower_included": ends[0] == "[",
        "upper": upper, "upper_included": ends[1] == "]", "cents": cents,
    }  # fmt: skip


def flat(cents: int, unknown: int | None = -1) -> dict:
    return {"brackets": [bracket(None, None, cents)], "unknown_cents": cents if unknown == -1 else unknown}


FORMER_MEALS = {
    "resident": {
        "unknown_cents": 490,
        "brackets": [bracket(None, "700", 250, "]]"), bracket("700", None, 320, "][")],
    },
    "non_resident": flat(650),
}
MEALS = {
    "resident": {
        "unknown_cents": 500,
        "brackets": [
            bracket("0", "400", 50),
            bracket("400", "622.5", 175, "[]"),
            bracket("622.5", "1900", 305, "]["),
            bracket("1900", None, 490),
        ],
    },
    "non_resident": flat(660, unknown=700),
}
TARIFFS = [
    (MEAL, FROM_2025, date(2026, 8, 31), FORMER_MEALS),
    (MEAL, FROM_2026, None, MEALS),
    (PICNIC, FROM_2026, None, {"resident": flat(300), "non_resident": flat(300)}),
    (STUDIED, FROM_2025, None, {"resident": flat(150), "non_resident": flat(200)}),
    (NORTH_DAY, FROM_2025, None, {"resident": flat(1000, None), "non_resident": flat(1200, None)}),
    (SOUTH_DAY, FROM_2025, None, dict.fromkeys(("resident", "non_resident"), FORMER_MEALS["resident"])),
]  # fmt: skip
RESIDENT, UNPROVED, PROVED_ELSEWHERE, FROM_ELSEWHERE = range(1, 5)


def write_the_former_town() -> None:
    write("setting", [{"key": "name", "value": "Saint-Céré"}, {"key": "school_zone", "value": "B"}])
    write("public_holiday", [{"day": date(2027, 3, 29), "label": "Lundi de Pâques"}])
    write(
        "school_holiday",
        [
            {"zone": "B", "first_day": date(2026, 12, 19), "last_day": date(2027, 1, 3), "label": "Noël"},
            {"zone": "C", "first_day": date(2027, 1, 9), "last_day": date(2027, 1, 20), "label": "Ailleurs"},
        ],
    )
    write(
        "facility",
        [
            {
                "id": rank, "name": name, "kind": "school", "address": "", "phone": "", "email": "",
                "opening_hours": "", "validation_mode": "automatic", "position": rank, "is_active": True,
            }
            for rank, name in enumerate(("École Jean-Jaurès", "ALSH du Nord", "ALSH du Sud"))
        ],
    )  # fmt: skip
    write(
        "activity",
        [
            {
                "id": key, "facility_id": facility, "name": name, "kind": "day", "has_waiting_list": False,
                "last_places_threshold": 3, "position": key, "is_active": True,
            }
            for key, facility, name in (
                (CANTEEN, 0, "Restaurant scolaire"), (STUDY, 0, "Étude : 1er cœur"),
                (CARE, 0, "1re garderie"), (NORTH, 1, "Mercredis"), (SOUTH, 2, "Mercredis"),
                (CLUB, 2, "Club"),
            )
        ],
    )  # fmt: skip
    write(
        "presence_type",
        [
            {
                "id": key, "activity_id": activity, "name": name, "short_name": name, "position": key,
                "is_active": True,
            }
            for key, activity, name in (
                (MEAL, CANTEEN, "Repas enfant"), (PICNIC, CANTEEN, "Pique-nique"), (STUDIED, STUDY, "Étude"),
                (CARED, CARE, "Tous"), (NORTH_DAY, NORTH, "Journée"), (SOUTH_DAY, SOUTH, "Journée"),
                (CLUB_DAY, CLUB, "Journée"),
            )
        ],
    )  # fmt: skip
    write(
        "opening",
        [
            {"activity_id": SOUTH, "day": day, "booked": 0, "waiting": 0}
            for day in (date(2027, 1, 6), date(2027, 1, 13), date(2027, 1, 20))
        ],
        period_id=_period(),
    )
    write(
        "deadline_rule",
        [
            {
                "activity_id": activity, "action": action, "valid_from": first, "valid_to": last,
                "ladder": data, "source": "Délibération du 3 juin,\narticle 4",
            }
            for activity, action, first, last, data in LADDERS
        ],
    )  # fmt: skip
    write(
        "tariff",
        [
            {
                "presence_type_id": key, "valid_from": first, "valid_to": last, "source": "",
                "table": {
                    "version": f"de {first.year}", "valid_from": first.isoformat(),
                    "valid_to": last and last.isoformat(), "rows": rows,
                },
            }
            for key, first, last, rows in TARIFFS
        ],
    )  # fmt: skip
    write_families()


def _period() -> int:
    write(
        "booking_period",
        [
            {
                "id": 1, "facility_id": 2, "name": "Année", "first_day": FROM_2026,
                "last_day": date(2027, 7, 3), "opens_at": NOW,
            }
        ],
    )  # fmt: skip
    return 1


def write_families() -> None:
    write(
        "household",
        [
            {
                "id": key, "number": key, "name": "Martin", "address": "", "address_extra": "",
                "postcode": "46400", "city": "", "family_situation": "", "residency": residency,
                "created_at": NOW, "search_text": "",
            }
            for key, residency in (
                (RESIDENT, "resident"), (UNPROVED, "resident"), (PROVED_ELSEWHERE, "non_resident"),
                (FROM_ELSEWHERE, "non_resident"),
            )
        ],
    )  # fmt: skip


def write(table: str, rows: list[dict], **shared: Any) -> None:
    """Insert rows in the table as it is now, whatever the models say."""
    with db.engine.execution_options(write=True).begin() as connection:
        found = sa.Table(table, sa.MetaData(), autoload_with=connection)
        connection.execute(found.insert(), [row | shared for row in rows])


@pytest.fixture
def migrated(bare_town: Flask):
    migrate_to(bare_town, "0001")
    with bare_town.app_context():
        write_the_former_town()
    migrate_to(bare_town, "head")  # the rules are asked through the product of today
    with bare_town.app_context():
        yield


def versions() -> list[RulebookVersion]:
    return list(db.session.scalars(sa.select(RulebookVersion).order_by(RulebookVersion.valid_from)))


def rules(household_id: int = RESIDENT) -> RuleSet:
    return rule_set(range(1, 7), range(11, 18), household_id, date(2025, 9, 1), date(2027, 7, 1))


# --- What it is afterwards ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("migrated")
def test_every_day_of_change_starts_a_version_that_reads_without_fault():
    found = versions()

    assert [(one.valid_from, one.valid_to) for one in found] == [
        (FROM_2025, date(2026, 8, 31)),
        (FROM_2026, date(2026, 10, 31)),
        (date(2026, 11, 1), date(2026, 12, 31)),
        (FROM_2027, None),
    ]
    for version in found:
        read = rulebooks.check(version.text)
        assert read.tree == version.tree
        assert (version.name, version.is_draft) == ("Règlement de Saint-Céré", False)
        assert version.fingerprint == hashlib.sha256(version.text.encode()).hexdigest()
    assert "# Délibération du 3 juin, article 4\n" in found[-1].text
    assert "# tarif de 2026" in found[-1].text


@pytest.mark.usefixtures("migrated")
def test_names_come_from_what_people_call_things():
    names = dict(db.session.execute(sa.select(Activity.id, Activity.rule_name)).all())
    types = dict(db.session.execute(sa.select(PresenceType.id, PresenceType.rule_name)).all())

    assert names == {
        CANTEEN: "restaurant_scolaire",
        STUDY: "etude_1er_coeur",
        CARE: "activite_1re_garderie",
        NORTH: "alsh_du_nord_mercredis",
        SOUTH: "alsh_du_sud_mercredis",
        CLUB: "club",
    }
    assert types[MEAL] == "repas_enfant"
    assert types[CARED] == "formule_tous"
    assert types[NORTH_DAY] == types[SOUTH_DAY] == "journee"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


SECOND = timedelta(seconds=1)
# activity, action, day of care, last moment in time (UTC), what the rule answers one second later.
LIMITS = {
    "weekday map": (CANTEEN, "book", "2026-11-24", "2026-11-20 07:59:59", Outcome.ON_REQUEST),
    "other weekday": (CANTEEN, "book", "2026-11-26", "2026-11-24 07:59:59", Outcome.ON_REQUEST),
    "school days, one closed": (CANTEEN, "book", "2027-01-18", "2027-01-14 07:29:59", Outcome.REFUSE),
    "week cutoff": (CANTEEN, "cancel", "2027-01-12", "2027-01-07 11:00:00", Outcome.REFUSE),
    "town hall, public holiday": (STUDY, "book", "2027-03-30", "2027-03-26 17:00:00", Outcome.REFUSE),
    "town hall, any weekday": (CLUB, "cancel", "2027-03-30", "2027-03-29 16:00:00", Outcome.REFUSE),
    "both actions": (STUDY, "cancel", "2027-03-30", "2027-03-26 17:00:00", Outcome.REFUSE),
    "monday to friday": (CARE, "book", "2027-01-12", "2027-01-08 11:00:00", Outcome.REFUSE),
    "clear days": (NORTH, "book", "2027-02-10", "2027-01-25 23:00:00", Outcome.ON_REQUEST),
    "open days": (SOUTH, "book", "2027-01-20", "2027-01-06 08:59:59", Outcome.ON_REQUEST),
}


@pytest.mark.usefixtures("migrated")
def test_limits_stay_where_they_were():
    town = rules()

    def outcomes(activity: int, action: str, day: str, last: str) -> tuple[Outcome, Outcome]:
        ask = partial(town.decide, activity, LineAction(action), date.fromisoformat(day))
        return ask(at(last)).outcome, ask(at(last) + SECOND).outcome

    assert {name: outcomes(*asked) for name, (*asked, _) in LIMITS.items()} == {
        name: (Outcome.FREE, afterwards) for name, (*_, afterwards) in LIMITS.items()
    }


ANSWERS = {
    # A weekday that the map left out was answered by what comes after.
    "left out": (CANTEEN, "book", "2026-11-25", "2026-11-16 09:00", Outcome.ON_REQUEST),
    # The former map no longer answers: the school day before Monday 4 January is 18 December.
    "next version": (CANTEEN, "book", "2027-01-04", "2027-01-01 09:00", Outcome.REFUSE),
    "same day": (SOUTH, "book", "2027-01-20", "2027-01-20 07:00", Outcome.ON_REQUEST),
    "same day, late": (SOUTH, "book", "2027-01-20", "2027-01-20 07:01", Outcome.REFUSE),
    "always": (SOUTH, "cancel", "2027-01-20", "2027-01-20 20:00", Outcome.FREE),
    "never": (NORTH, "cancel", "2027-02-10", "2026-10-01 09:00", Outcome.REFUSE),
    "no rule": (CARE, "cancel", "2027-01-12", "2026-10-01 09:00", Outcome.REFUSE),
    "no limit": (CLUB, "book", "2027-01-12", "2026-10-31 12:00", Outcome.FREE),
    "ended": (CLUB, "book", "2027-01-12", "2026-11-01 12:00", Outcome.REFUSE),
    "too early": (CANTEEN, "book", "2026-11-24", "2025-08-31 09:00", Outcome.REFUSE),
}


@pytest.mark.usefixtures("migrated")
def test_answers_stay_what_they_were():
    town = rules()

    def outcome(activity: int, action: str, day: str, now: str) -> Outcome:
        return town.decide(activity, LineAction(action), date.fromisoformat(day), at(now)).outcome

    assert {name: outcome(*asked) for name, (*asked, _) in ANSWERS.items()} == {
        name: expected for name, (*_, expected) in ANSWERS.items()
    }


BEFORE_RAISE, AFTER_RAISE = date(2026, 6, 2), date(2026, 11, 24)
PRICES = [
    (MEAL, BEFORE_RAISE, "700", RESIDENT, 250),
    (MEAL, BEFORE_RAISE, "700.01", RESIDENT, 320),
    (MEAL, BEFORE_RAISE, None, UNPROVED, 490),
    (MEAL, BEFORE_RAISE, None, FROM_ELSEWHERE, 650),
    (MEAL, AFTER_RAISE, "0", RESIDENT, 50),
    (MEAL, AFTER_RAISE, "399.99", RESIDENT, 50),
    (MEAL, AFTER_RAISE, "400", RESIDENT, 175),
    (MEAL, AFTER_RAISE, "622.50", RESIDENT, 175),
    (MEAL, AFTER_RAISE, "622.51", RESIDENT, 305),
    (MEAL, AFTER_RAISE, "1900", RESIDENT, 490),
    (MEAL, AFTER_RAISE, None, UNPROVED, 500),
    (MEAL, AFTER_RAISE, "800", PROVED_ELSEWHERE, 660),
    (MEAL, AFTER_RAISE, None, FROM_ELSEWHERE, 700),
    (PICNIC, BEFORE_RAISE, "700", RESIDENT, None),
    (PICNIC, AFTER_RAISE, "700", RESIDENT, 300),
    (PICNIC, AFTER_RAISE, None, FROM_ELSEWHERE, 300),
    (STUDIED, AFTER_RAISE, "700", RESIDENT, 150),
    (STUDIED, AFTER_RAISE, None, FROM_ELSEWHERE, 200),
    (NORTH_DAY, AFTER_RAISE, "700", RESIDENT, 1000),
    (NORTH_DAY, AFTER_RAISE, None, UNPROVED, None),
    (SOUTH_DAY, AFTER_RAISE, "700.01", PROVED_ELSEWHERE, 320),
    (SOUTH_DAY, AFTER_RAISE, None, FROM_ELSEWHERE, 490),
    (CARED, AFTER_RAISE, "700", RESIDENT, None),
    (MEAL, date(2025, 8, 31), "700", RESIDENT, None),
]


@pytest.mark.usefixtures("migrated")
def test_prices_stay_what_they_were():
    assert [(*asked, price(*asked)) for *asked, _ in PRICES] == PRICES


def price(type_id: int, day: date, quotient: str | None, household: int) -> int | None:
    """What is asked of a family whose last quotient is this one."""
    if quotient is not None:
        known = db.session.scalar(sa.select(sa.func.count()).select_from(QuotientFamilial))
        write(
            "quotient_familial",
            [
                {
                    "household_id": household, "value_hundredths": int(Decimal(quotient) * 100),
                    "valid_from": date(2025, 1, 1 + known), "created_at": NOW, "source": "",
                }
            ],
        )  # fmt: skip
        db.session.rollback()
    return rules(household).price(type_id, day).cents


@pytest.mark.usefixtures("migrated")
def test_the_screens_of_limits_and_prices_can_still_edit_them():
    activities = versions()[-1].tree["activites"]

    for name in (
        "etude_1er_coeur",
        "activite_1re_garderie",
        "alsh_du_nord_mercredis",
        "alsh_du_sud_mercredis",
    ):
        assert limit_of(activities[name], "reserver") is not None
    assert prices_of(activities["restaurant_scolaire"], "repas_enfant").resident.unknown_cents == 500
    assert prices_of(activities["restaurant_scolaire"], "pique_nique").non_resident.is_flat


@pytest.mark.usefixtures("migrated")
def test_an_activity_that_counts_its_days_says_which_they_are():
    opening = versions()[-1].tree["activites"]["alsh_du_sud_mercredis"]["ouverture"]

    assert opening == {"jours": ["mercredi"], "ecole": "oui", "vacances": "non", "feries": "non"}


def test_a_town_without_rules_has_no_version(town: Flask):
    with town.app_context():
        assert versions() == []
