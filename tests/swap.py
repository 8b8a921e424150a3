"""What htmx would leave on the screen, compared with the page read afresh: they must be the same page."""

import copy
import difflib
import re
from collections.abc import Mapping
from typing import Any

from bs4 import BeautifulSoup, NavigableString, Tag
from werkzeug.test import TestResponse

from tests import strict_html
from tests.strict_client import StrictClient

# Said once at the moment of an act, empty on a page read afresh.
MOMENTARY = ("#annonces", "#alertes")
SWAPPED_REFUSALS = (409, 413, 422)


def assert_swap_equals_reload(
    client: StrictClient,
    page: str,
    data: Mapping[str, Any] | None = None,
    *,
    form: str | None = None,
    button: tuple[str, str] | None = None,
    forged: Mapping[str, Any] | None = None,
    link: str | None = None,
    reload: str | None = None,
) -> TestResponse:
    """Act with htmx on `page`, apply the answer, and compare with a fresh reading.

    A form is chosen and filled as in `StrictClient.submit`; `link` is the CSS selector of a link with
    hx-get instead. The fresh reading is `reload`, by default the link's own address or `page`.
    Returns the answer that htmx received.
    """
    if link is not None:
        response = client.follow_htmx(page, link)
        reload = reload or client.carrier["hx-get"]
    else:
        response = client.submit(page, data, form=form, button=button, forged=forged, htmx=True)
    swapped = apply(client.carrier, response)
    client.get(reload or page, follow_redirects=True)
    before, after = normalised(swapped), normalised(client.page)
    if before != after:
        lines = difflib.unified_diff(before, after, "swapped by htmx", "read afresh", lineterm="", n=2)
        raise AssertionError(f"{page}: the swapped page is not the reloaded one.\n" + "\n".join(lines))
    return response


def apply(carrier: Tag, response: TestResponse) -> BeautifulSoup:
    """The page of `carrier` (the element that htmx acted for) once htmx received `response`."""
    page = carrier.find_parents()[-1]
    if response.status_code >= 400 and response.status_code not in SWAPPED_REFUSALS:
        return page
    fragment, _ = strict_html.parse(response.text)
    elsewhere = [tag.extract() for tag in fragment.find_all(attrs={"hx-swap-oob": True})]
    target = _target(page, carrier, response.headers.get("HX-Retarget") or carrier["hx-target"])
    swap = response.headers.get("HX-Reswap") or carrier["hx-swap"]
    _swap(target, swap.split()[0], _main_part(fragment, carrier.get("hx-select")))
    for piece in elsewhere:
        _swap_elsewhere(page, piece)
    return page


def _main_part(fragment: BeautifulSoup, selector: str | None) -> list[Any]:
    if selector:
        return fragment.select(selector)
    frame = fragment.select_one("[data-fragment]")
    return [node for node in (frame.contents if frame else []) if getattr(node, "name", None) != "title"]


def _target(page: BeautifulSoup, carrier: Tag, wanted: str) -> Tag:
    found = carrier if wanted == "this" else page.select_one(wanted)
    if found is None:
        raise AssertionError(f"The page has no {wanted}, where the answer should go.")
    return found


def _swap(target: Tag, manner: str, nodes: list[Any]) -> None:
    pieces = [copy.copy(node) for node in nodes]
    if manner == "outerHTML":
        target.replace_with(*pieces)
    elif manner == "innerHTML":
        target.clear()
        target.extend(pieces)
    elif manner != "none":
        raise AssertionError(f"hx-swap {manner} is not used here.")


def _swap_elsewhere(page: BeautifulSoup, piece: Tag) -> None:
    manner, _, selector = piece["hx-swap-oob"].partition(":")
    del piece["hx-swap-oob"]
    manner = "outerHTML" if manner == "true" else manner
    target = _target(page, piece, selector or f"#{piece['id']}")
    _swap(target, manner, piece.contents if manner == "innerHTML" else [piece])


def normalised(page: BeautifulSoup) -> list[str]:
    """The body, one line a tag or text, without what rightly differs between two readings."""
    body = copy.copy(page.body)
    for selector in MOMENTARY:
        for zone in body.select(selector):
            zone.clear()
    for token in body.select('input[name="csrf_token"], input[name="submission_key"]'):
        del token["value"]
    lines: list[str] = []
    _write(body, "", lines)
    return lines


def _write(tag: Tag, margin: str, lines: list[str]) -> None:
    attributes = {
        name: " ".join(value) if isinstance(value, list) else value for name, value in tag.attrs.items()
    }
    shown = "".join(f' {name}="{value}"' for name, value in sorted(attributes.items()))
    lines.append(f"{margin}<{tag.name}{shown}>")
    for node in tag.contents:
        if isinstance(node, Tag):
            _write(node, margin + " ", lines)
        elif isinstance(node, NavigableString) and (text := re.sub(r"\s+", " ", node).strip()):
            lines.append(f"{margin} {text}")
