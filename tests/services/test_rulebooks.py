"""The règlement in versions: a chain without gap or overlap, and a past that nobody rewrites (P15)."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from domain.enums import Outcome
from domain.errors import NotFound, Refused, RuleError
from domain.rulebook.amendments import (
    RuledActivity,
    amended_limit,
    amended_prices,
    restored_limit,
    restored_prices,
)
from domain.rulebook.guided_limits import GuidedLimit, GuidedStage, limit_of, rules_of
from domain.rulebook.guided_prices import Bracket, GuidedPrices, PriceRow, prices_of
from models import AuditEvent, RulebookVersion
from services import rulebooks
from services.accounts import Author
from tests import rulebook_texts as written

START, TODAY = date(2025, 9, 1), date(2027, 1, 12)
MARCH, JUNE, SEPTEMBER = date(2027, 3, 1), date(2027, 6, 1), date(2027, 9, 1)
CANTEEN = RuledActivity("cantine", "Cantine", ("repas_enfant",))
ALWAYS = GuidedLimit((), Outcome.FREE)
NEVER = GuidedLimit((), Outcome.REFUSE)
NOON = GuidedLimit((GuidedStage(written.days_before(2, "12:00"), Outcome.FREE),), Outcome.REFUSE)


def flat(cents: int) -> GuidedPrices:
    row = PriceRow((Bracket(None, False, cents),), cents)
    return GuidedPrices(row, row)


@pytest.fixture
def context(app):
    with app.app_context():
        yield


@pytest.fixture
def act(world, clock):
    return {"author": Author(world.staff().id), "author_name": "Agnès MARTIN", "now": clock.now()}


@pytest.fixture
def canteen(world):
    return world.canteen([date(2027, 1, 18)])


def publish(day, act, limit=ALWAYS, action="reserver", activity=CANTEEN):
    rulebooks.amend(amended_limit(activity, action, limit), day, **act)


def charge(day, act, cents):
    rulebooks.amend(amended_prices(CANTEEN, "repas_enfant", flat(cents)), day, **act)


def versions(world):
    published = [one for one in world.all(RulebookVersion) if not one.is_draft]
    return sorted(published, key=lambda one: one.valid_from)


def chain(world):
    return [(one.valid_from, one.valid_to) for one in versions(world)]


def rules_on(world, day):
    (tree,) = [one.tree for one in versions(world) if one.valid_from == day]
    return tree["activites"]["cantine"]


# --- When a change may start


def test_a_change_closes_the_former_version_the_day_before(world, context, act, canteen):
    publish(MARCH, act)

    assert chain(world) == [(START, date(2027, 2, 28)), (MARCH, None)]
    assert limit_of(rules_on(world, START), "reserver") != ALWAYS
    assert limit_of(rules_on(world, MARCH), "reserver") == ALWAYS


def test_a_change_between_two_others_takes_its_place(world, context, act, canteen):
    publish(SEPTEMBER, act)
    publish(MARCH, act, NOON)

    assert chain(world) == [
        (START, date(2027, 2, 28)),
        (MARCH, date(2027, 8, 31)),
        (SEPTEMBER, None),
    ]
    assert limit_of(rules_on(world, SEPTEMBER), "reserver") == ALWAYS


def test_a_change_may_start_today(world, context, act, canteen):
    publish(TODAY, act)

    assert chain(world) == [(START, date(2027, 1, 11)), (TODAY, None)]


def test_one_that_started_today_is_not_rewritten(world, context, act, canteen):
    publish(TODAY, act)

    with pytest.raises(Refused) as refusal:
        publish(TODAY, act, NOON)

    assert refusal.value.code == "in_force"
    assert limit_of(rules_on(world, TODAY), "reserver") == ALWAYS


def test_yesterday_is_past(world, context, act, canteen):
    with pytest.raises(Refused) as refusal:
        publish(date(2027, 1, 11), act)

    assert refusal.value.code == "in_the_past"
    assert chain(world) == [(START, None)]


def test_the_day_is_that_of_paris(world, context, act, canteen, clock):
    clock.move_to(datetime(2027, 1, 12, 23, 30, tzinfo=UTC))
    late = act | {"now": clock.now()}

    with pytest.raises(Refused):
        publish(TODAY, late)
    publish(date(2027, 1, 13), late)


def test_one_to_come_is_replaced_in_place(world, context, act, canteen):
    publish(MARCH, act)
    publish(MARCH, act, NOON)

    assert len(chain(world)) == 2
    assert limit_of(rules_on(world, MARCH), "reserver") == NOON


def test_a_version_that_would_say_the_same_is_none(world, context, act, canteen):
    publish(MARCH, act)

    with pytest.raises(Refused) as refusal:
        publish(JUNE, act)

    assert refusal.value.code == "nothing_changes"


def test_what_was_never_said_may_start_in_the_past(world, context, act, canteen):
    care = RuledActivity("garderie", "Garderie")
    publish(date(2026, 9, 1), act, activity=care)

    assert chain(world) == [(START, date(2026, 8, 31)), (date(2026, 9, 1), None)]
    assert rules_on(world, START) == rules_on(world, date(2026, 9, 1))


def test_the_first_change_of_a_town_starts_its_reglement(world, context, act):
    publish(date(2026, 9, 1), act)

    version = world.one(RulebookVersion)
    assert (version.valid_from, version.valid_to, version.author_name) == (
        date(2026, 9, 1),
        None,
        "Agnès MARTIN",
    )
    assert limit_of(version.tree["activites"]["cantine"], "reserver") == ALWAYS
    assert rulebooks.check(version.text).tree == version.tree


# --- One part, and nothing else


def test_booking_and_cancelling_and_prices_have_their_own_dates(world, context, act, canteen):
    publish(MARCH, act)
    publish(JUNE, act, NEVER, "annuler")
    charge(SEPTEMBER, act, 410)

    former, newest = rules_on(world, START), rules_on(world, SEPTEMBER)
    assert [day for day, _ in chain(world)] == [START, MARCH, JUNE, SEPTEMBER]
    assert limit_of(newest, "reserver") == ALWAYS
    assert limit_of(newest, "annuler") == NEVER
    assert prices_of(newest, "repas_enfant") == flat(410)
    assert rules_of(rules_on(world, MARCH), "annuler") == rules_of(former, "annuler")
    assert prices_of(rules_on(world, JUNE), "repas_enfant") == prices_of(former, "repas_enfant")


def test_a_change_holds_through_the_later_versions_of_other_parts(world, context, act, canteen):
    charge(JUNE, act, 410)
    publish(MARCH, act)

    assert [day for day, _ in chain(world)] == [START, MARCH, JUNE]
    assert limit_of(rules_on(world, JUNE), "reserver") == ALWAYS
    assert prices_of(rules_on(world, MARCH), "repas_enfant") != flat(410)
    assert prices_of(rules_on(world, JUNE), "repas_enfant") == flat(410)


def test_the_journal_keeps_who_changed_what(world, context, act, canteen):
    charge(SEPTEMBER, act, 410)

    events = world.all(AuditEvent)
    assert {event.actor_user_id for event in events} == {act["author"].user_id}
    assert [event.action for event in events] == [
        "rulebook_version.updated",
        "rulebook_version.created",
        "rulebook_version.updated",
    ]


def test_a_text_that_cannot_hold_is_never_published(world, context, act, canteen):
    below = GuidedStage(written.days_before(0, "12:00") | {"francs": "oui"}, Outcome.FREE)

    with pytest.raises(rulebooks.BadRulebook) as bad:
        publish(SEPTEMBER, act, GuidedLimit((below,), Outcome.REFUSE))

    assert any("francs" in fault.message for fault in bad.value.faults)
    assert chain(world) == [(START, None)]


def test_brackets_that_cross_are_never_published(world, context, act, canteen):
    bounds = (Decimal(700), Decimal(500), None)
    crossed = PriceRow(tuple(Bracket(bound, bound is not None, 350) for bound in bounds), 350)
    prices = GuidedPrices(crossed, crossed)

    with pytest.raises(rulebooks.BadRulebook):
        rulebooks.amend(amended_prices(CANTEEN, "repas_enfant", prices), SEPTEMBER, **act)

    assert chain(world) == [(START, None)]


def test_an_extra_without_a_price_is_refused(world, context, act):
    with pytest.raises(RuleError, match="publiez d’abord son tarif"):
        publish(SEPTEMBER, act, GuidedLimit((), Outcome.EXTRA, 200))

    assert world.all(RulebookVersion) == []


# --- Taking a change back


def take_back(day, act, action="reserver"):
    rulebooks.withdraw_amendment(restored_limit(CANTEEN, action), day, **act)


def test_a_withdrawn_change_gives_its_days_back(world, context, act, canteen):
    publish(MARCH, act)
    publish(SEPTEMBER, act, NOON)

    take_back(MARCH, act)

    assert chain(world) == [(START, date(2027, 8, 31)), (SEPTEMBER, None)]
    assert limit_of(rules_on(world, SEPTEMBER), "reserver") == NOON


def test_a_withdrawn_price_gives_its_days_back(world, context, act, canteen):
    charge(MARCH, act, 410)

    rulebooks.withdraw_amendment(restored_prices(CANTEEN, "repas_enfant"), MARCH, **act)

    assert chain(world) == [(START, None)]


def test_withdrawing_one_part_leaves_what_starts_with_it(world, context, act, canteen):
    former = rules_of(rules_on(world, START), "reserver")
    publish(MARCH, act)
    charge(MARCH, act, 410)

    take_back(MARCH, act)

    assert chain(world) == [(START, date(2027, 2, 28)), (MARCH, None)]
    assert rules_of(rules_on(world, MARCH), "reserver") == former
    assert prices_of(rules_on(world, MARCH), "repas_enfant") == flat(410)


@pytest.mark.parametrize("day", [START, TODAY])
def test_a_change_that_started_is_not_withdrawn(world, context, act, canteen, day):
    if day == TODAY:
        publish(TODAY, act)

    with pytest.raises(Refused, match="elle reste dans l’historique"):
        take_back(day, act)


def test_a_day_on_which_this_part_does_not_change_has_nothing_to_withdraw(world, context, act, canteen):
    publish(MARCH, act)

    with pytest.raises(NotFound):
        take_back(MARCH, act, "annuler")
    with pytest.raises(NotFound):
        take_back(JUNE, act)


# --- Whole versions


def draft(world):
    return next((one for one in world.all(RulebookVersion) if one.is_draft), None)


def test_a_draft_is_kept_aside_until_it_is_published(world, context, act, canteen):
    note = "# Voté le 12 juin par le conseil municipal.\n"
    rulebooks.save_draft(note + rulebooks.first_text(), **act)
    kept = draft(world)
    assert kept.valid_from is None
    publishing = {"author": act["author"], "now": act["now"]}

    rulebooks.publish_draft(SEPTEMBER, kept.fingerprint, **publishing)

    assert draft(world) is None
    assert chain(world) == [(START, date(2027, 8, 31)), (SEPTEMBER, None)]
    publish(SEPTEMBER, act, NOON)
    assert versions(world)[-1].text.startswith(note)


def test_a_draft_edited_meanwhile_is_not_published(world, context, act, canteen):
    rulebooks.save_draft(rulebooks.first_text(), **act)
    seen = draft(world).fingerprint
    rulebooks.save_draft("# relu\n" + rulebooks.first_text(), **act)

    with pytest.raises(Refused) as refusal:
        rulebooks.publish_draft(SEPTEMBER, seen, author=act["author"], now=act["now"])

    assert refusal.value.code == "draft_changed"
    assert draft(world) is not None


def test_a_draft_with_faults_keeps_the_former_one(world, context, act, canteen):
    rulebooks.save_draft(rulebooks.first_text(), **act)
    kept = draft(world).text

    with pytest.raises(rulebooks.BadRulebook) as bad:
        rulebooks.save_draft("reglement: {}\n", **act)

    assert bad.value.faults
    assert draft(world).text == kept
    rulebooks.discard_draft(author=act["author"], now=act["now"])
    with pytest.raises(NotFound):
        rulebooks.discard_draft(author=act["author"], now=act["now"])


def test_a_whole_version_to_come_is_withdrawn_and_the_one_before_goes_on(world, context, act, canteen):
    publish(MARCH, act)
    first, second = versions(world)
    publishing = {"author": act["author"], "now": act["now"]}

    with pytest.raises(Refused, match="elle reste dans l’historique"):
        rulebooks.withdraw(first.id, **publishing)
    rulebooks.withdraw(second.id, **publishing)

    assert chain(world) == [(START, None)]
