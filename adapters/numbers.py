"""Telephone numbers, IBANs, creditor identifiers: checked and written in one way by the libraries that know
their rules."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # loaded only by what checks a number
    from phonenumbers import PhoneNumber

# A number without its country is looked for in France, then in the overseas departments.
PHONE_REGIONS = ("FR", "GP", "MQ", "GF", "RE", "YT")


def phone(text: str) -> str | None:
    """« 06 12 34 56 78 », « +32 470 12 34 56 » from what was typed; None when no number is like that."""
    import phonenumbers

    number = _parse_phone(text)
    if number is None:
        return None
    abroad = phonenumbers.region_code_for_country_code(number.country_code) not in PHONE_REGIONS
    form = phonenumbers.PhoneNumberFormat.INTERNATIONAL if abroad else phonenumbers.PhoneNumberFormat.NATIONAL
    return phonenumbers.format_number(number, form)


def _parse_phone(text: str) -> "PhoneNumber | None":
    """The number in the region in which it exists, else a French one of the right length: new ranges are
    opened before the library knows them.
    """
    import phonenumbers

    found = []
    for region in PHONE_REGIONS:
        try:
            found.append(phonenumbers.parse(text, region))
        except phonenumbers.NumberParseException:
            return None
    existing = (number for number in found if phonenumbers.is_valid_number(number))
    return next(existing, found[0] if phonenumbers.is_possible_number(found[0]) else None)


def iban(text: str) -> str | None:
    """« FR7630006000011234567890189 », without spaces, from what was typed; None when its key is wrong."""
    from stdnum import iban as stdnum_iban
    from stdnum.exceptions import ValidationError

    try:
        return stdnum_iban.validate(text)
    except ValidationError:
        return None


def creditor_identifier(text: str) -> str | None:
    """« FR72ZZZ123456 » (an ICS), without spaces, from what was typed; None when its key is wrong."""
    from stdnum.eu import at_02
    from stdnum.exceptions import ValidationError

    try:
        return at_02.validate(text)
    except ValidationError:
        return None
