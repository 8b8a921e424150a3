"""Prices by quotient familial and residency, their explanation, and the faults of a table (P4, P15)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.enums import Residency
from domain.errors import RuleError
from domain.pricing import (
    Bracket,
    PriceRow,
    PriceTable,
    PriceUnknown,
    PricingFacts,
    check_table,
    price_in_force,
    quote,
    table_from_data,
    table_to_data,
)
from tests.domain.helpers import changed, plain

DAY = date(2027, 1, 14)


def bracket(lower, upper, cents, *, lower_included=False, upper_included=True):
    return Bracket(
        None if lower is None else Decimal(lower),
        lower_included and lower is not None,
        None if upper is None else Decimal(upper),
        upper_included and upper is not None,
        cents,
    )


RESIDENT = PriceRow(
    (
        bracket(None, 400, 100),
        bracket(400, 700, 250),
        Bracket(Decimal("700"), False, Decimal("900"), True, 320),
        bracket(900, None, 410),
    ),
    unknown_cents=490,
)
NON_RESIDENT = PriceRow((bracket(None, None, 650),), unknown_cents=650)
TABLE = PriceTable(
    "2026-2027",
    date(2026, 9, 1),
    date(2027, 8, 31),
    {Residency.RESIDENT: RESIDENT, Residency.NON_RESIDENT: NON_RESIDENT},
)


def facts(quotient=None, residency=Residency.RESIDENT, valid_to=None):
    return PricingFacts(None if quotient is None else Decimal(quotient), residency, valid_to)


@pytest.mark.parametrize(
    ("quotient", "cents"),
    [("0", 100), ("400", 100), ("400.01", 250), ("700", 250), ("700.01", 320), ("900", 320), ("900.01", 410)],
)
def test_each_bound_says_whether_it_belongs(quotient, cents):
    assert quote(TABLE, facts(quotient), DAY).cents == cents


def test_the_explanation_names_quotient_bracket_residency_and_version():
    price = quote(TABLE, facts("845"), DAY)
    assert not price.provisional
    assert plain(price.bracket_label) == "tranche C (de plus de 700 à 900)"
    assert [plain(line) for line in price.explanation] == [
        "Quotient familial 845, tranche C (de plus de 700 à 900), résident : 3,20 €.",
        "Tarif 2026-2027, en vigueur depuis le mardi 1er septembre 2026.",
    ]


@pytest.mark.parametrize(
    ("lone", "words"),
    [
        (Bracket(Decimal(701), True, Decimal(900), True, 1), "tranche A (de 701 à 900)"),
        (Bracket(Decimal(400), True, Decimal(640), False, 1), "tranche A (de 400 à moins de 640)"),
        (Bracket(Decimal(400), False, Decimal(640), False, 1), "tranche A (de plus de 400 à moins de 640)"),
        (Bracket(None, False, Decimal(622), True, 1), "tranche A (jusqu’à 622)"),
        (Bracket(None, False, Decimal("1500.50"), False, 1), "tranche A (moins de 1 500,5)"),
        (Bracket(Decimal(600), True, None, False, 1), "tranche A (à partir de 600)"),
        (Bracket(Decimal(600), False, None, False, 1), "tranche A (plus de 600)"),
    ],
)
def test_intervals_in_words(lone, words):
    table = replace(TABLE, rows={Residency.RESIDENT: PriceRow((lone,), 1)})
    quotient = "620" if lone.lower is None or lone.lower < 700 else "800"
    assert plain(quote(table, facts(quotient), DAY).bracket_label) == words


def test_a_flat_price_needs_no_quotient_and_is_final():
    price = quote(TABLE, facts(None, Residency.NON_RESIDENT), DAY)
    assert (price.cents, price.provisional, price.bracket_label) == (650, False, "tarif unique")
    assert plain(price.explanation[0]) == "Tarif unique, non-résident : 6,50 €."


def test_an_unknown_quotient_has_its_own_price_and_is_provisional():
    price = quote(TABLE, facts(None), DAY)
    assert (price.cents, price.provisional) == (490, True)
    assert plain(price.explanation[0]) == "Quotient familial non connu, résident : 4,90 €."
    assert plain(price.explanation[-1]) == (
        "Prix provisoire : transmettez votre attestation CAF ou MSA au service."
    )


def test_a_single_bracket_with_another_price_without_quotient_is_not_flat():
    table = only(PriceRow((bracket(None, None, 650),), unknown_cents=800))
    assert quote(table, facts(None), DAY).cents == 800
    assert plain(quote(table, facts("845"), DAY).bracket_label) == "tranche A (tous les quotients)"


@pytest.mark.parametrize(
    ("valid_to", "provisional"), [(None, False), (DAY, False), (date(2027, 1, 13), True)]
)
def test_a_proof_that_will_have_ended_makes_the_price_provisional(valid_to, provisional):
    price = quote(TABLE, facts("845", valid_to=valid_to), DAY)
    assert (price.cents, price.provisional) == (320, provisional)
    said = plain(" ".join(price.explanation))
    assert (
        "jusqu’au mercredi 13 janvier 2027 : transmettez votre attestation CAF ou MSA" in said
    ) is provisional


@pytest.mark.parametrize(
    ("table", "code"),
    [
        (replace(TABLE, rows={}), "no_row"),
        (replace(TABLE, rows={Residency.RESIDENT: replace(RESIDENT, unknown_cents=None)}), "no_unknown"),
    ],
)
def test_a_missing_cell_is_an_error_never_zero(table, code):
    with pytest.raises(PriceUnknown, match="2026-2027") as missing:
        quote(table, facts(None), DAY)
    assert missing.value.code == code


def test_a_free_price_is_a_price():
    table = replace(TABLE, rows={Residency.RESIDENT: replace(RESIDENT, unknown_cents=0)})
    assert quote(table, facts(None), DAY).cents == 0


def test_the_version_in_force_is_the_one_of_the_service_date():
    former = replace(TABLE, version="2025-2026", valid_from=date(2025, 9, 1), valid_to=date(2026, 8, 31))
    tables = [TABLE, former]
    assert price_in_force(tables, date(2026, 8, 31)) is former
    assert price_in_force(tables, date(2026, 9, 1)) is TABLE
    with pytest.raises(PriceUnknown, match="Aucun tarif"):
        price_in_force(tables, date(2027, 9, 1))
    with pytest.raises(RuleError, match="Deux tarifs"):
        price_in_force([TABLE, replace(former, valid_to=None)], DAY)


def only(row):
    return replace(TABLE, rows={Residency.RESIDENT: row, Residency.NON_RESIDENT: NON_RESIDENT})


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        (replace(TABLE, rows={Residency.RESIDENT: RESIDENT}), "Non-résident : aucun prix."),
        (
            only(replace(RESIDENT, unknown_cents=None)),
            "Résident : indiquez le prix quand le quotient n’est pas connu.",
        ),
        (only(PriceRow((), 1)), "Résident : aucune tranche."),
        (only(replace(RESIDENT, unknown_cents=-1)), "Résident : un prix est négatif."),
        (
            only(PriceRow((bracket(None, 622, 1), bracket(623, None, 2)), 3)),
            "Résident : les quotients entre 622 et 623 n’ont pas de prix "
            "(tranche A (jusqu’à 622), puis tranche B (plus de 623)).",
        ),
        (
            only(PriceRow((bracket(None, 622, 1, upper_included=False), bracket(622, None, 2)), 3)),
            "Résident : le quotient 622 n’a pas de prix.",
        ),
        (
            only(PriceRow((bracket(None, 622, 1), bracket(622, None, 2, lower_included=True)), 3)),
            "Résident : la tranche A (jusqu’à 622) et la tranche B (à partir de 622) se chevauchent.",
        ),
        (
            only(PriceRow((bracket(None, None, 1), bracket(622, None, 2)), 3)),
            "Résident : la tranche A (tous les quotients) et la tranche B (plus de 622) se chevauchent.",
        ),
        (
            only(PriceRow((bracket(None, 622, 1),), 3)),
            "Résident : les quotients au-dessus de la tranche A (jusqu’à 622) n’ont pas de prix.",
        ),
        (
            only(PriceRow((bracket(0, None, 1),), 3)),
            "Résident : les quotients sous la tranche A (plus de 0) n’ont pas de prix.",
        ),
        (
            only(
                PriceRow(
                    (
                        bracket(None, 5, 1),
                        bracket(5, 5, 1, upper_included=False),
                        bracket(5, None, 1, lower_included=True),
                    ),
                    3,
                )
            ),
            "Résident : la tranche B (de plus de 5 à moins de 5) ne contient aucun quotient.",
        ),
        (replace(TABLE, valid_to=date(2026, 8, 31)), "La fin de validité est avant son début."),
    ],
)
def test_each_fault_of_a_table_is_named(table, fault):
    assert [plain(line) for line in check_table(table)] == [fault]


def test_a_sound_table_has_no_fault():
    assert check_table(TABLE) == []
    assert check_table(only(PriceRow((bracket(0, None, 1, lower_included=True),), 3))) == []


bounds = st.decimals(min_value=0, max_value=3000, places=2)


@st.composite
def any_row(draw):
    edges = draw(st.lists(bounds, max_size=5))
    pairs = list(zip([None, *edges], [*edges, None], strict=True))
    flags = st.booleans()
    brackets = tuple(
        Bracket(
            low,
            low is not None and draw(flags),
            high,
            high is not None and draw(flags),
            draw(st.integers(0, 900)),
        )
        for low, high in pairs
    )
    return PriceRow(brackets, draw(st.integers(0, 900)))


def _strictly_ascending(edges):
    return edges == sorted(set(edges))


@given(any_row(), st.lists(bounds, min_size=1))
def test_a_table_without_fault_has_exactly_one_bracket_for_every_quotient(row, quotients):
    edges = [bound for item in row.brackets for bound in (item.lower, item.upper) if bound is not None]
    faults = check_table(only(row))
    counts = {sum(item.holds(quotient) for item in row.brackets) for quotient in [*quotients, *edges]}
    if not faults:
        assert counts == {1}
    elif _strictly_ascending([item.lower for item in row.brackets[1:]]):
        assert counts != {1}


@given(any_row())
def test_a_table_survives_its_plain_data(row):
    assert table_from_data(table_to_data(only(row))) == only(row)


def change(path, value):
    return changed(table_to_data(TABLE), path, value)


FIRST = ("rows", "resident", "brackets", 0)


@pytest.mark.parametrize(
    ("data", "path", "words"),
    [
        (change((*FIRST, "upper_included"), ...), "rows.resident.brackets[0].upper_included", "borne haute"),
        (change((*FIRST, "upper"), 400), "rows.resident.brackets[0].upper", "entre guillemets"),
        (change((*FIRST, "upper"), "NaN"), "rows.resident.brackets[0].upper", "entre guillemets"),
        (change((*FIRST, "cents"), 1.5), "rows.resident.brackets[0].cents", "nombre entier"),
        (change((*FIRST, "cents"), -1), "rows.resident.brackets[0].cents", "nombre entier"),
        (change((*FIRST, "price"), 1), "rows.resident.brackets[0]", "clé inconnue « price »"),
        (
            change(("rows", "resident", "unknown_cents"), ...),
            "rows.resident.unknown_cents",
            "n’est pas connu",
        ),
        (change(("rows", "tourist"), {}), "rows", "resident, non_resident"),
        (change(("valid_from",), "2026-02-30"), "valid_from", "date existante"),
        (change(("valid_to",), ...), "valid_to", "dernier jour"),
        (change(("version",), " "), "version", "un texte"),
        ([], "", "un ensemble de clés"),
    ],
)
def test_a_faulty_table_is_refused_with_its_place_and_what_to_write(data, path, words):
    with pytest.raises(RuleError) as fault:
        table_from_data(data)
    assert fault.value.path == path
    assert words in plain(fault.value.message)
