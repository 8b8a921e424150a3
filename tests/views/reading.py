"""The last page as somebody reads it."""

from tests.strict_client import StrictClient


def text(client: StrictClient) -> str:
    """The words of the page on one line; no-break spaces are spaces."""
    return " ".join(client.page.get_text(" ").replace("\u00a0", " ").replace("\u202f", " ").split())
