"""What is typed in a field of the family file, and what is told about it."""

from datetime import date

import pytest

from domain.enums import FileSection, SubjectKind
from domain.errors import Refused
from domain.family_file import FIELDS, FieldKind, FileField, Person, Policy, field_of, policies
from domain.field_values import (
    FUTURE_BIRTH,
    NO_ROLE,
    WRONG_CHOICE,
    WRONG_DATE,
    WRONG_IBAN,
    WRONG_PHONE,
    WRONG_POSTCODE,
    WRONG_YES_NO,
    Checker,
    FieldErrors,
    missing,
    read_day,
    tidy,
    too_long,
)

TODAY = date(2027, 1, 12)
H, G, C = SubjectKind.HOUSEHOLD, SubjectKind.GUARDIAN, SubjectKind.CHILD


def known(numbers):
    """A library that knows these numbers only."""
    return lambda text: numbers.get(text)


CHECKER = Checker(
    TODAY,
    {
        FieldKind.PHONE: known({"0612345678": "06 12 34 56 78", "long": "+" * 31, "longest": "+" * 30}),
        FieldKind.IBAN: known({"FR76 30": "FR7630"}),
    },
    {"diet": {"Sans porc"}, "family_situation": {"x" * 61}},
)


@pytest.mark.parametrize(
    ("kind", "name", "typed", "kept"),
    [
        (H, "address", "  12   rue\nNationale ", "12 rue Nationale"),
        (H, "address_extra", " ", None),
        (H, "address_extra", None, None),
        (H, "postcode", "46 000", "46000"),
        (H, "address", "x" * 200, "x" * 200),
        (H, "social_fund", "caf", "caf"),
        (G, "mobile_phone", "0612345678", "06 12 34 56 78"),
        (G, "iban", "FR76 30", "FR7630"),
        (G, "birth_date", "2027-01-12", "2027-01-12"),
        (G, "birth_date", "04/05/1986", "1986-05-04"),
        (C, "pai_until", "2030-08-31", "2030-08-31"),
        (C, "has_pai", "oui", "oui"),
        (C, "has_pai", "non", "non"),
        (C, "sex", "female", "female"),
        (C, "vaccination", "a_jour", "a_jour"),
        (C, "diet", "Sans porc", "Sans porc"),
        (C, "conduct", " Appeler \r\n\r\n le  15 ", "Appeler\n\nle 15"),
        (C, "conduct", "x" * 600, "x" * 600),
    ],
)
def test_what_is_kept(kind, name, typed, kept):
    assert CHECKER.value(field_of(kind, name), typed) == kept


@pytest.mark.parametrize(
    ("kind", "name", "typed", "code", "message"),
    [
        (H, "postcode", "4600", "postcode", WRONG_POSTCODE),
        (H, "postcode", "460000", "postcode", WRONG_POSTCODE),
        (H, "postcode", "4600A", "postcode", WRONG_POSTCODE),
        (H, "address", "x" * 201, "too_long", too_long(200)),
        (H, "family_situation", "x" * 61, "too_long", too_long(60)),
        (H, "social_fund", "CAF", "not_in_list", WRONG_CHOICE),
        (H, "family_situation", "Sans porc", "not_in_list", WRONG_CHOICE),
        (G, "mobile_phone", "06", "phone", WRONG_PHONE),
        (G, "mobile_phone", "long", "too_long", too_long(30)),
        (G, "iban", "FR76", "iban", WRONG_IBAN),
        (G, "birth_date", "31/02/1986", "not_a_date", WRONG_DATE),
        (G, "birth_date", "2027-01-13", "future", FUTURE_BIRTH),
        (C, "birth_date", "2027-01-13", "future", FUTURE_BIRTH),
        (C, "has_pai", "Oui", "not_yes_no", WRONG_YES_NO),
        (C, "diet", "Autre", "not_in_list", WRONG_CHOICE),
        (C, "conduct", "x" * 601, "too_long", too_long(600)),
    ],
)
def test_what_is_told(kind, name, typed, code, message):
    with pytest.raises(Refused) as refused:
        CHECKER.value(field_of(kind, name), typed)
    assert (refused.value.code, refused.value.message) == (code, message)


def test_a_word_asked_for():
    with pytest.raises(Refused) as refused:
        CHECKER.value(field_of(H, "city"), "  ", is_required=True)
    assert (refused.value.code, refused.value.message) == ("required", missing("Ville"))
    assert "Ville" in refused.value.message
    assert CHECKER.value(field_of(H, "city"), "Cahors", is_required=True) == "Cahors"
    assert "12" in too_long(12)


def test_a_list_that_the_town_has_not_filled_offers_nothing():
    field = FileField(FileSection.CHILD_DIET, "other", "Autre", FieldKind.CHOICE)
    with pytest.raises(Refused):
        CHECKER.value(field, "Sans porc")


def test_days():
    assert read_day("2019-05-04") == read_day("04/05/2019") == date(2019, 5, 4)
    assert read_day("4 mai") is None


def test_spaces():
    assert tidy(None) == tidy("  ") == tidy(None, keep_lines=True) == ""
    assert tidy("\n a \t b\n c ") == "a b c"
    assert tidy("\n a \t b\n\n c ", keep_lines=True) == "a b\n\nc"


def test_a_person_is_kept_tidy():
    typed = Person(" Nadia ", " BEN  ALI", " grand-mère ", " 0612345678 ", False, True)
    assert CHECKER.person(typed) == Person("Nadia", "BEN ALI", "grand-mère", "06 12 34 56 78", False, True)
    assert CHECKER.person(Person("Nadia", "B")) == Person("Nadia", "B")
    assert CHECKER.person(Person("N" * 80, "B" * 80, "r" * 80, "longest")).phone == "+" * 30


def test_instructions_for_a_person():
    def errors(person):
        with pytest.raises(FieldErrors) as refused:
            CHECKER.person(person)
        return refused.value.errors

    assert errors(Person(" ", "", phone="06", may_collect=False)) == {
        "first_name": missing("Prénom"),
        "last_name": missing("Nom"),
        "may_collect": NO_ROLE,
        "phone": WRONG_PHONE,
    }
    assert errors(Person("N" * 81, "B" * 81, "r" * 81, "long")) == {
        "first_name": too_long(80),
        "last_name": too_long(80),
        "relationship": too_long(80),
        "phone": WRONG_PHONE,
    }


def test_errors_are_one_refusal_that_says_all():
    refusal = FieldErrors({"city": "Indiquez la ville.", "address": "Indiquez la rue."})
    assert refusal.code == "fields"
    assert refusal.message == "Indiquez la ville. Indiquez la rue."
    assert refusal.errors == {"city": "Indiquez la ville.", "address": "Indiquez la rue."}


def test_the_town_replaces_what_we_do_with_a_field_but_nobody_loses_a_name():
    ours = policies({})
    assert ours["household.address"] == Policy(is_required=True)
    assert ours["child.people"] == ours["child.authorisations"] == Policy()
    assert {key for key in ours if "." in key} >= {field.key for field in FIELDS}
    town = policies(
        {
            "household.address": Policy(needs_control=False),
            "child.people": Policy(is_editable=False),
            "child.birth_date": Policy(is_shown=False),
        }
    )
    assert town["household.address"] == Policy(needs_control=False)
    assert town["child.people"] == Policy(is_editable=False)
    assert town["child.birth_date"] == Policy(is_shown=False, is_required=True)
    assert town["guardian.last_name"].is_required
