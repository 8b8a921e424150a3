"""E-mail addresses: checked by the library that knows their rules."""

from domain.people import normalise_email


def email(text: str) -> str | None:
    """The address as it is stored and compared; None when no address is like that. No network is asked."""
    from email_validator import EmailNotValidError, validate_email  # loaded only by what checks an address

    try:
        return normalise_email(validate_email(text, check_deliverability=False).normalized)
    except EmailNotValidError:
        return None
