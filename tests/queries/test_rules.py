"""The rules in force: which version answers, which quotient prices, what happens when a rule is missing."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.enums import LineAction, Outcome, Residency
from queries.rules import NOT_COMPUTABLE, rule_set
from tests import rulebook_texts as written
from tests import statements
from tests.booking_bench import MONDAY, Bench


def before(base: str, count: int = 1) -> dict:
    """Free until `count` days of a base before, 9 h; then refused."""
    days = {"base": base, "sans_feries": "oui", "sans_vacances": "oui"}
    return written.until(written.days_before(count, "09:00", days))


def brackets(low: str, high: str, unknown: str | None) -> dict:
    """Two brackets, up to 700 included and above, and the price without a known quotient."""
    return written.table(
        *(
            {"residence": home, "quotient": quotient, "valeur": price}
            for home, of_unknown in (("commune", unknown), ("hors_commune", "9.00"))
            for quotient, price in (({"a": "700"}, low), ({"plus_de": "700"}, high), ("inconnu", of_unknown))
        )
    )


@pytest.fixture
def bench(world):
    return Bench(world)


def read(bench, *, home=None, first=MONDAY, last=MONDAY, activity_id=None, types=None):
    activity_ids = [activity_id or bench.canteen.activity.id]
    household = (home or bench.home).id
    return bench.read(lambda: rule_set(activity_ids, types or [bench.meal_id], household, first, last))


def limits(bench, stages, valid_from, action="reserver"):
    bench.world.limits(bench.canteen.activity, action, stages, valid_from)


def outcome(bench, now, action=LineAction.BOOK):
    return read(bench).decide(bench.canteen.activity.id, action, MONDAY, now).outcome


def test_one_statement_reads_everything(bench):
    bench.world.quotient(bench.home, 500)
    bench.world.public_holiday(date(2027, 1, 1))
    read(bench)  # this process meets the version
    with bench.app.app_context(), statements.at_most(1):
        rule_set([bench.canteen.activity.id], [bench.meal_id], bench.home.id, MONDAY, MONDAY)


def test_deadlines_follow_the_version_in_force_on_the_day_of_the_act(bench):
    limits(bench, written.NEVER, date(2027, 1, 20))
    limits(bench, written.ALWAYS, date(2027, 1, 26))
    assert outcome(bench, datetime(2027, 1, 19, 12, tzinfo=UTC)) is Outcome.FREE
    assert outcome(bench, datetime(2027, 1, 19, 23, 30, tzinfo=UTC)) is Outcome.REFUSE  # the 20th in Paris
    assert outcome(bench, datetime(2027, 1, 26, 12, tzinfo=UTC)) is Outcome.FREE


def promise(bench, now):
    return read(bench).decide(bench.canteen.activity.id, LineAction.BOOK, MONDAY, now)


EARLY = datetime(2027, 1, 12, 9, tzinfo=UTC)


def test_a_limit_beyond_its_version_is_the_next_versions(bench):
    limits(bench, written.until(written.days_before(2, "18:00")), date(2027, 1, 26))
    decision = promise(bench, EARLY)
    assert decision.sentence == "Réservable jusqu’au samedi 30\xa0janvier, 18\xa0h"
    assert promise(bench, decision.until).outcome is Outcome.FREE
    assert promise(bench, decision.until + timedelta(seconds=1)).outcome is Outcome.REFUSE


def test_what_the_next_version_refuses_is_promised_until_it_starts(bench):
    limits(bench, written.NEVER, date(2027, 1, 26))
    decision = promise(bench, EARLY)
    assert decision.sentence == "Réservable jusqu’au lundi 25\xa0janvier inclus"
    assert promise(bench, decision.until - timedelta(seconds=1)).outcome is Outcome.FREE
    assert promise(bench, decision.until).outcome is Outcome.REFUSE


def test_no_limit_at_all_stops_where_the_next_version_has_one(bench):
    limits(bench, written.ALWAYS, date(2025, 9, 1))
    assert promise(bench, EARLY).sentence == "Réservable à tout moment"
    limits(bench, written.until(written.days_before(2, "18:00")), date(2027, 1, 26))
    assert promise(bench, EARLY).sentence == "Réservable jusqu’au samedi 30\xa0janvier, 18\xa0h"


def test_the_same_limit_in_the_next_version_is_said_whole(bench):
    bench.world.write_rulebook(date(2027, 1, 26))
    assert promise(bench, EARLY).sentence == "Réservable jusqu’au dimanche 31\xa0janvier, 18\xa0h"


def test_a_limit_that_lacks_a_fact_refuses_and_names_it(bench):
    bench.world.rulebook["faits"]["agent"] = {"type": "oui_non", "nom": "agent de la commune"}
    late = written.until(written.days_before(1, "18:00"))
    late["etapes"][0]["si"] = {"agent": "oui"}
    limits(bench, late, date(2025, 9, 1))
    decision = promise(bench, EARLY)
    assert decision.outcome is Outcome.REFUSE
    assert "«\xa0agent de la commune\xa0»" in decision.sentence


def test_two_dated_limits_of_one_name_are_two_limits(bench):
    rules = bench.world.rulebook["activites"]["cantine"]
    former, later = (
        rules["delais"],
        [written.ladder(action, written.NEVER) for action in ("reserver", "annuler")],
    )
    rules["delais"] = {
        "versions": [
            {"nom": "délais", "du": "2025-09-01", "au": "2027-01-15", "regle": former},
            {"nom": "délais", "du": "2027-01-16", "regle": later},
        ]
    }
    bench.world.write_rulebook()
    rules = read(bench)
    answers = [
        rules.decide(bench.canteen.activity.id, LineAction.BOOK, MONDAY, now).outcome
        for now in (EARLY, EARLY + timedelta(days=7))
    ]
    assert answers == [Outcome.FREE, Outcome.REFUSE]


def test_a_total_that_ends_leaves_the_next_prices_final(bench):
    rule = {
        "nom": "plafond du mois",
        "activites": ["cantine"],
        "periode": "mois",
        "par": "enfant",
        "effet": "plafond",
        "valeur": "40.00",
        "arrondi": {"au": "0.01", "vers": "plus_proche"},
    }
    bench.world.rulebook["cumuls"] = [
        {"versions": [{"nom": "a", "du": "2025-09-01", "au": "2027-02-01", "regle": rule}]}
    ]
    bench.world.write_rulebook()
    rules = read(bench)
    assert [rules.price(bench.meal_id, day).provisional for day in (MONDAY, date(2027, 2, 2))] == [
        True,
        False,
    ]


def test_booking_and_cancelling_have_their_own_ladders(bench):
    limits(bench, written.NEVER, date(2026, 9, 1), "annuler")
    now = datetime(2027, 1, 12, 9, tzinfo=UTC)
    assert outcome(bench, now) is Outcome.FREE
    assert outcome(bench, now, LineAction.CANCEL) is Outcome.REFUSE


def test_an_activity_without_rule_is_closed(bench):
    activity = bench.world.add(
        type(bench.canteen.activity)(
            facility_id=bench.canteen.facility.id, name="x", rule_name="x", kind="day"
        )
    )
    rules = read(bench, activity_id=activity.id)
    decision = rules.decide(activity.id, LineAction.BOOK, MONDAY, bench.world.now)
    assert decision.outcome is Outcome.REFUSE
    assert "fermée sur le portail" in decision.sentence


def test_school_days_skip_the_holidays_of_the_towns_zone(bench):
    limits(bench, before("ecole"), date(2026, 9, 1))
    bench.world.school_holiday(date(2027, 1, 25), date(2027, 1, 31), zone="A")
    eve = datetime(2027, 1, 29, 7, tzinfo=UTC)  # Friday before Monday 1 February
    assert outcome(bench, eve) is Outcome.FREE
    bench.world.settings(school_zone="A")
    assert outcome(bench, eve) is Outcome.REFUSE
    assert outcome(bench, datetime(2027, 1, 22, 7, tzinfo=UTC)) is Outcome.FREE


def test_open_days_are_counted_and_closed_ones_are_not(bench):
    limits(bench, before("ouverture"), date(2026, 9, 1))
    friday = datetime(2027, 1, 29, 7, tzinfo=UTC)
    assert outcome(bench, friday) is Outcome.FREE
    bench.world.openings(  # the Sunday before becomes the day that counts
        bench.canteen.activity, bench.canteen.period, [date(2027, 1, 31)], closed_reason="grève"
    )
    assert outcome(bench, datetime(2027, 1, 30, 7, tzinfo=UTC)) is Outcome.REFUSE
    bench.world.openings(bench.canteen.activity, bench.canteen.period, [date(2027, 1, 30)])
    assert outcome(bench, datetime(2027, 1, 30, 7, tzinfo=UTC)) is Outcome.FREE


def test_a_rule_that_the_calendar_cannot_answer_refuses_and_says_so(bench):
    limits(bench, before("ouverture", 200), date(2026, 9, 1))
    decision = read(bench).decide(bench.canteen.activity.id, LineAction.BOOK, MONDAY, bench.world.now)
    assert (decision.outcome, decision.sentence) == (Outcome.REFUSE, NOT_COMPUTABLE)


def test_prices_follow_the_version_in_force_on_the_day_of_care(bench):
    tariff = bench.world.rulebook["activites"][bench.canteen.activity.rule_name]["tarif"]
    tariff["prix"]["cas"][0]["valeur"] = "3.50"
    bench.world.write_rulebook(date(2027, 2, 2))
    rules = read(bench)
    assert rules.price(bench.meal_id, MONDAY).cents == 320
    assert rules.price(bench.meal_id, date(2027, 2, 2)).cents == 350
    assert rules.price(bench.meal_id, date(2025, 8, 31)).cents is None


def test_the_quotient_in_force_prices_and_an_ended_one_is_provisional(bench):
    diet = bench.world.presence_type(bench.canteen.activity, "Panier", price=brackets("2.00", "4.00", "5.00"))
    bench.world.quotient(bench.home, 650, valid_from=date(2026, 1, 1), valid_to=date(2027, 2, 1))
    rules = read(bench, types=[diet.id])
    assert (rules.price(diet.id, MONDAY).cents, rules.price(diet.id, MONDAY).provisional) == (200, False)
    later = rules.price(diet.id, date(2027, 2, 2))
    assert (later.cents, later.provisional) == (200, True)
    bench.world.quotient(bench.home, 800, valid_from=date(2027, 2, 2))
    assert read(bench, types=[diet.id]).price(diet.id, date(2027, 2, 2)).cents == 400


def test_without_quotient_the_row_of_the_residency_says_the_price(bench):
    diet = bench.world.presence_type(bench.canteen.activity, "Panier", price=brackets("2.00", "4.00", "5.00"))
    outside = bench.world.household("MARTY", residency=Residency.NON_RESIDENT)
    assert read(bench, types=[diet.id]).price(diet.id, MONDAY).cents == 500
    assert read(bench, home=outside, types=[diet.id]).price(diet.id, MONDAY).cents == 900


def test_a_price_that_nothing_foresees_is_none_and_not_zero(bench):
    bench.world.rulebook["activites"]["cantine"]["tarif"]["prix"]["cas"].clear()
    diet = bench.world.presence_type(bench.canteen.activity, "Panier")
    price = read(bench).price(bench.meal_id, MONDAY)
    assert price.cents is None
    assert price.explanation == (
        "Le règlement ne prévoit pas ce cas\xa0: le prix sera confirmé par le service.",
    )
    assert read(bench, types=[diet.id]).price(diet.id, MONDAY).cents == 320


def test_a_price_that_lacks_a_fact_names_it_until_the_service_states_it(bench):
    bench.world.rulebook["faits"]["agent"] = {"type": "oui_non", "nom": "agent de la commune"}
    rows = ({"agent": "oui", "valeur": "1.00"}, {"agent": "non", "valeur": "3.00"})
    diet = bench.world.presence_type(bench.canteen.activity, "Panier", price=written.table(*rows))
    price = read(bench, types=[diet.id]).price(diet.id, MONDAY)
    assert price.cents is None
    assert "«\xa0agent de la commune\xa0»" in price.explanation[0]
    bench.world.rule_fact(bench.home, "agent", "oui", valid_to=MONDAY)
    rules = read(bench, types=[diet.id])
    assert rules.price(diet.id, MONDAY).cents == 100
    assert rules.price(diet.id, date(2027, 2, 2)).cents is None


def test_the_rank_of_a_child_is_its_own(bench):
    marie = bench.other_child()
    bench.world.rulebook["faits"]["rang"] = "nombre"
    rows = ({"rang": {"a": "1"}, "valeur": "4.00"}, {"rang": {"de": "2"}, "valeur": "3.00"})
    price = written.table(*rows)
    price["table"]["trous"] = "tranche_inferieure"
    diet = bench.world.presence_type(bench.canteen.activity, "Panier", price=price)
    rules = read(bench, types=[diet.id])
    found = [rules.price(diet.id, MONDAY, child.id).cents for child in (marie, bench.leo)]
    assert found == [400, 300]  # Marie is the elder


def test_a_late_booking_with_supplement_costs_more_and_says_so(bench):
    late = written.until(
        written.days_before(1, "18:00"), then={"effet": "supplement", "supplements": ["retard"]}
    )
    limits(bench, late, date(2025, 9, 1))
    tariff = bench.world.rulebook["activites"]["cantine"]["tarif"]
    tariff["ajustements"] = [
        {"nom": "retard", "si": "delai", "operation": "ajouter", "valeur": "1.50", "portee": "presence"}
    ]
    bench.world.write_rulebook()
    rules, now = read(bench), datetime(2027, 2, 1, 6, tzinfo=UTC)
    decision = rules.decide(bench.canteen.activity.id, LineAction.BOOK, MONDAY, now)
    assert (decision.outcome, decision.extras) == (Outcome.EXTRA, ("retard",))
    assert decision.sentence == (
        "Hors délai depuis le dimanche 31\xa0janvier, 18\xa0h\xa0: réservable avec supplément"
    )
    assert rules.price(bench.meal_id, MONDAY, bench.leo.id, now, decision.extras).cents == 470


def test_a_price_settled_by_the_month_is_provisional_and_says_why(bench):
    bench.world.rulebook["cumuls"] = [
        {
            "nom": "plafond_du_mois",
            "activites": ["cantine"],
            "periode": "mois",
            "par": "enfant",
            "effet": "plafond",
            "valeur": "40.00",
            "arrondi": {"au": "0.01", "vers": "plus_proche"},
        }
    ]
    bench.world.write_rulebook()
    price = read(bench).price(bench.meal_id, MONDAY)
    assert (price.cents, price.provisional) == (320, True)
    assert price.explanation[-1] == (
        "Prix provisoire\xa0: le total de la période peut le changer (plafond du mois)."
    )


def test_an_edited_rule_is_read_again(bench):
    now = datetime(2027, 1, 12, 9, tzinfo=UTC)
    assert outcome(bench, now) is Outcome.FREE
    limits(bench, written.NEVER, date(2027, 1, 1))
    assert outcome(bench, now) is Outcome.REFUSE
