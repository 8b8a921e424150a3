"""The bill of a month from its days: sums, order, what a longer period counts (R40, R42, R43)."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.billing import Account, CarriedBill, Day, InForce, month_bill
from domain.enums import FindingKind, InvoiceLineKind
from domain.french import NBSP
from domain.rulebook import rulebook
from domain.rulebook.memo import Memo
from domain.rulebook.tree import Faults, planted
from tests import rulebook_texts as written

MONTH, TODAY = date(2027, 1, 1), date(2027, 2, 1)
CENT = {"au": "0.01", "vers": "plus_proche"}


class Holidays:
    def holidays_of_zone(self, zone):
        return ()

    def public_holidays(self, variant):
        return {}


def version(totals=(), adjustments=(), price="0.333 * rang", rounding=None):
    """A canteen whose price follows the rank of the child, with totals of the règlement."""
    tree = written.empty()
    tree["faits"]["rang"] = "nombre"
    tree["activites"]["cantine"] = written.activity("Cantine", []) | {
        "tarif": {
            "prix": price,
            "arrondi": rounding or written.ROUNDING,
            "ajustements": list(adjustments),
        }
    }
    del tree["activites"]["cantine"]["delais"]
    tree["cumuls"] = list(totals)
    faults = Faults()
    book = rulebook.read(planted(tree), Holidays(), faults)
    assert book is not None, faults.errors
    return InForce(7, "Règlement 2026-2027, en vigueur.", book)


def total(name, span, effect, value, **more):
    rule = {"nom": name, "periode": span, "par": "famille", "activites": ["cantine"], "effet": effect}
    return rule | {"valeur": value, "arrondi": CENT} | more


CAPPED = version(
    [total("plafond du mois", "mois", "plafond", "4.00", partage="au_prorata")],
    [{"nom": "remise", "si": "toujours", "operation": "multiplier", "valeur": "0.9", "portee": "facture"}],
)


def day(in_force, number, child=1, told=None, month=MONTH):
    on = month + timedelta(days=number)
    facts = {"rang": Decimal(child), "etat": "present"}
    return Day(child, f"Enfant {child}", 1, "cantine", "Cantine", "Repas", on, number + 1, in_force, facts,
               told_cents=told)  # fmt: skip


DAYS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 4), st.one_of(st.none(), st.integers(0, 500))),
    unique_by=lambda one: one[:2],
    max_size=15,
)


def bill(days, **more):
    return month_bill(Account(1, 1, days, **more), MONTH, TODAY)


@settings(max_examples=40, deadline=None)
@given(DAYS, st.randoms())
def test_lines_add_up_and_the_order_of_entry_changes_nothing(drawn, random):
    days = [day(CAPPED, *one) for one in drawn]
    found = bill(days)
    assert found.total_cents == sum(one.amount_cents for one in found.charges)
    assert found.findings == ()
    mixed = list(days)
    random.shuffle(mixed)
    assert bill(mixed) == found


@settings(max_examples=40, deadline=None)
@given(DAYS, st.integers(1, 4))
def test_one_more_day_never_lowers_what_the_days_cost(drawn, child):
    def of_days(found):
        return sum(one.amount_cents for one in found.charges if one.kind is not InvoiceLineKind.ADJUSTMENT)

    days = [day(CAPPED, *one) for one in drawn if one[0] < 30]
    assert of_days(bill([*days, day(CAPPED, 30, child)])) >= of_days(bill(days))


@settings(max_examples=40, deadline=None)
@given(DAYS)
def test_what_was_told_is_billed_as_told(drawn):
    told = sorted(one[2] for one in drawn if one[2])
    lines = bill([day(CAPPED, *one) for one in drawn]).charges
    assert sorted(one.amount_cents for one in lines if one.kind is InvoiceLineKind.ABSENCE) == told


PRICES = st.sampled_from(["0.333 * rang", "rang + 0.01 * jour_du_mois", "2.50"])


@settings(max_examples=40, deadline=None)
@given(PRICES, st.lists(DAYS, min_size=1, max_size=4))
def test_prices_remembered_in_a_billing_are_those_calculated(price, families):
    priced = version([total("plafond", "mois", "plafond", "40.00", partage="au_prorata")], price=price)
    remembering = priced._replace(memo=Memo())
    for drawn in families:
        found = bill([day(remembering, *one) for one in drawn])
        assert found == bill([day(priced, *one) for one in drawn])


def test_a_cap_holds_presences_and_what_stays_due_of_absences():
    capped = version([total("plafond du mois", "mois", "plafond", "4.00")], price="3.00")
    found = bill([day(capped, 3), day(capped, 4, told=300)])
    assert [one.amount_cents for one in found.charges] == [300, 300, -200]
    assert found.charges[-1].explanation[0] == f"Plafond du mois{NBSP}: de 6,00{NBSP}€ à 4,00{NBSP}€."


def test_a_discount_of_the_whole_bill_follows_the_totals():
    found = bill([day(CAPPED, number, child=4) for number in range(5)])
    # 5 × 1,33 = 6,65, capped at 4,00, then × 0,9 = 3,60.
    assert [one.amount_cents for one in found.charges[5:]] == [-265, -40]
    assert [one.explanation[0] for one in found.charges[5:]] == [
        f"Plafond du mois{NBSP}: de 6,65{NBSP}€ à 4,00{NBSP}€.",
        f"Remise{NBSP}: de 4,00{NBSP}€ à 3,60{NBSP}€.",
    ]


def test_the_last_total_takes_what_rounding_left():
    whole = {"au": "0.001", "vers": "plus_proche", "apres": ["total"]}
    fee = version([total("frais", "facture", "ajoute", "1.00")], price="0.333", rounding=whole)
    found = bill([day(fee, number) for number in range(4)])
    # 4 × 0,333 = 1,332 ; + 1,00 = 2,332 → 2,33. Lines of 0,33: 1,32 ; the fee is 1,01.
    assert [one.amount_cents for one in found.charges] == [33, 33, 33, 33, 101]


def test_a_week_begun_in_the_month_before_is_capped_once():
    weekly = version([total("plafond de la semaine", "semaine", "plafond", "5.00")], price="3.00")
    before = date(2026, 12, 1)
    monday, tuesday = day(weekly, 27, month=before), day(weekly, 28, month=before)
    friday, next_week = day(weekly, 0), day(weekly, 3)
    found = bill([monday, tuesday, friday, next_week])
    # The week of 28 December: 9,00 → 5,00, of which December paid 6,00 - 1,00. Nothing is left for 1 January.
    assert [one.amount_cents for one in found.charges] == [300, 300, -300]
    assert found.total_cents == 300


def test_a_fee_of_the_year_is_not_asked_again():
    yearly = version([total("adhésion", "annee_scolaire", "ajoute", "10.00")], price="3.00")
    first = bill([day(yearly, 3)])
    assert [one.amount_cents for one in first.charges] == [300, 1000]
    again = bill([day(yearly, 3, month=date(2026, 11, 1)), day(yearly, 3)])
    assert [one.amount_cents for one in again.charges] == [300]


def test_one_day_without_a_price_leaves_the_others():
    known, unknown = day(CAPPED, 3), day(CAPPED, 4)
    unknown.facts.pop("rang")
    found = bill([known, unknown])
    (finding,) = found.findings
    assert (finding.kind, finding.booking_id, finding.is_blocking) == (FindingKind.UNPRICED, 5, True)
    assert "rang" in finding.sentence
    assert [one.day for one in found.charges if one.day] == [known.day]


def test_a_carried_bill_comes_last_and_says_why():
    found = bill([day(CAPPED, 3)], carried=[CarriedBill(12, date(2026, 12, 1), 180)])
    line = found.charges[-1]
    assert (line.kind, line.amount_cents, line.carried_from_id) == (InvoiceLineKind.CARRIED, 180, 12)
    assert line.explanation == (
        f"Le montant de décembre 2026, 1,80{NBSP}€, était trop petit pour une facture à part.",
    )
