"""What every HTML answer must obey: the rules behind `StrictClient`.

`check(answer)` raises `HtmlFault` with the address and each broken rule. A rule is a function that
yields one sentence a fault; a page in `tests/architecture/test_strict_html.py` proves that it bites.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import html5lib
from bs4 import BeautifulSoup, NavigableString, Tag
from bs4.builder._html5lib import HTML5TreeBuilder
from bs4.element import PreformattedString
from html5lib.constants import E as PARSE_ERRORS

# htmx attributes of the subset that 2.x and 4.x share; the others inherit, evaluate or disable.
HTMX_ATTRIBUTES = frozenset(
    {
        "hx-get", "hx-post", "hx-target", "hx-swap", "hx-swap-oob", "hx-trigger", "hx-sync", "hx-select",
        "hx-push-url", "hx-encoding", "hx-indicator",
    }
)  # fmt: skip
HTMX_SWAPS = frozenset({"outerHTML", "innerHTML", "none"})
MOST_OUT_OF_BAND = 3
TEMPLATE = re.compile(r"<template>(.*?)</template>", re.DOTALL)
NAMELESS_INPUTS = frozenset({"hidden", "submit", "button", "reset", "image"})
ARIA_REFERENCES = (
    "aria-labelledby",
    "aria-describedby",
    "aria-controls",
    "aria-owns",
    "aria-errormessage",
    "for",
)
SPOKEN_ATTRIBUTES = ("aria-label", "title", "alt", "placeholder", "data-label")
LINK_SCHEMES = frozenset({"", "http", "https", "mailto", "tel", "otpauth"})
LOADING_ATTRIBUTES = ("src", "srcset", "poster", "action", "formaction", "hx-get", "hx-post")


class HtmlFault(AssertionError):
    """An answer broke at least one rule."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTML answer: `soup` of its text, `is_page` when it is a whole page, not a fragment for htmx."""

    address: str
    text: str
    soup: BeautifulSoup
    parse_errors: list[str]
    is_page: bool
    asked_by_htmx: bool
    signed_in: bool
    method: str
    status: int
    headers: Mapping[str, str]

    def tags(self, *arguments: object, **attributes: object) -> list[Tag]:
        return self.soup.find_all(*arguments, **attributes)

    @property
    def roots(self) -> list[Tag]:
        """The outermost elements of a fragment, without those that go elsewhere in the page."""
        body = self.soup.select_one("[data-fragment]") or self.soup.body
        return [tag for tag in body.find_all(True, recursive=False) if not tag.has_attr("hx-swap-oob")]


Rule = Callable[[Answer], Iterator[str]]
RULES: dict[str, Rule] = {}


def rule(name: str) -> Callable[[Rule], Rule]:
    def register(function: Rule) -> Rule:
        RULES[name] = function
        return function

    return register


# --- Reading ------------------------------------------------------------------------------------


class _ErrorKeepingBuilder(HTML5TreeBuilder):
    """The tree of html5lib as a browser builds it, with the errors a browser forgives."""

    def feed(self, markup: str) -> None:
        parser = html5lib.HTMLParser(tree=self.create_treebuilder)
        self.underlying_builder.parser = parser
        parser.parse(markup)
        self.errors = [
            f"line {line}: {PARSE_ERRORS[code] % variables}" for (line, _), code, variables in parser.errors
        ]


def parse(text: str) -> tuple[BeautifulSoup, list[str]]:
    """The tree of a page or fragment, and its parse errors.

    html5lib does not know <template>, in which htmx wants table rows that go elsewhere: the content
    of each is put where it may stand.
    """
    builder = _ErrorKeepingBuilder()
    soup = BeautifulSoup(text if is_whole_page(text) else _frame(text), builder=builder)
    return soup, builder.errors


def is_whole_page(text: str) -> bool:
    return text.lstrip()[:9].lower() == "<!doctype"


def _frame(fragment: str) -> str:
    """A page that holds the fragment in an element where its outermost tags are allowed."""
    wrapped = TEMPLATE.findall(fragment)
    pieces = [TEMPLATE.sub("", fragment), *wrapped]
    start = "<!doctype html><html lang=fr><head><title>x</title></head><body>"
    return start + "".join(_in_context(piece.strip()) for piece in pieces if piece.strip()) + "</body></html>"


def _in_context(piece: str) -> str:
    if piece.startswith("<tr"):
        return f"<table><tbody data-fragment>{piece}</tbody></table>"
    if piece.startswith(("<caption", "<tbody", "<thead")):
        return f"<table data-fragment>{piece}</table>"
    if piece.startswith(("<td", "<th")):
        return f"<table><tr data-fragment>{piece}</tr></table>"
    return f"<div data-fragment>{piece}</div>"


def check(answer: Answer, excused: Collection[str] = ()) -> None:
    """Raise HtmlFault naming the address and each rule that `answer` breaks, but those in `excused`."""
    faults = [
        f"[{name}] {fault}" for name, of in RULES.items() if name not in excused for fault in of(answer)
    ]
    if faults:
        raise HtmlFault(f"{answer.method} {answer.address} ({answer.status}):\n  " + "\n  ".join(faults))


def _words(tag: Tag) -> str:
    return re.sub(r"[\s\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]+", " ", tag.get_text(" ")).strip()


def _show(tag: Tag) -> str:
    return str(tag)[:160].replace("\n", " ")


def _visible_texts(answer: Answer) -> Iterator[str]:
    """Text nodes and the attributes that are read aloud; not what users typed in a text area."""
    for node in answer.soup.find_all(string=True):
        hidden = isinstance(node, PreformattedString) or node.parent.name in ("script", "style", "textarea")
        if isinstance(node, NavigableString) and not hidden:
            yield str(node)
    for tag in answer.tags(True):
        yield from (str(tag[name]) for name in SPOKEN_ATTRIBUTES if tag.has_attr(name))


def _form_of(tag: Tag, answer: Answer) -> Tag | None:
    if tag.has_attr("form"):
        return answer.soup.find("form", id=tag["form"])
    return tag.find_parent("form")


# --- The page -----------------------------------------------------------------------------------


@rule("parse")
def _parses(answer: Answer) -> Iterator[str]:
    yield from answer.parse_errors


@rule("whole-page")
def _is_whole_page(answer: Answer) -> Iterator[str]:
    if not answer.is_page and not answer.asked_by_htmx:
        yield "a fragment was sent to a browser that asked for a page"


@rule("lang")
def _has_language(answer: Answer) -> Iterator[str]:
    if answer.is_page and answer.soup.html.get("lang") != "fr":
        yield '<html> must say lang="fr"'


@rule("title")
def _title_opens_with_heading(answer: Answer) -> Iterator[str]:
    if not answer.is_page:
        return
    headings = [_words(heading) for heading in answer.tags("h1")]
    if len(headings) != 1:
        yield f"a page has exactly one h1, here: {headings}"
    title = _words(answer.soup.title) if answer.soup.title else ""
    if not title:
        yield "the page has no title"
    elif len(headings) == 1 and (not headings[0] or not title.startswith(headings[0])):
        yield f"the title « {title} » must open with the h1 « {headings[0]} »"


@rule("ids")
def _ids_are_unique(answer: Answer) -> Iterator[str]:
    counts = Counter(tag["id"] for tag in answer.tags(id=True))
    yield from (f"id « {name} » stands {count} times" for name, count in counts.items() if count > 1)
    yield from (
        f"empty or spaced id: {_show(tag)}"
        for tag in answer.tags(id=True)
        if not re.fullmatch(r"\S+", tag["id"])
    )


@rule("references")
def _references_exist(answer: Answer) -> Iterator[str]:
    if not answer.is_page:
        return
    known = {tag["id"] for tag in answer.tags(id=True)}
    for tag in answer.tags(True):
        for attribute in ARIA_REFERENCES:
            names = str(tag.get(attribute) or "").split()
            yield from (
                f"{attribute} points to « {name} », which is missing" for name in names if name not in known
            )
        href = str(tag.get("href") or "")
        if tag.name == "a" and href.startswith("#") and href[1:] not in known:
            yield f"the link {href} leads nowhere"


@rule("python")
def _shows_no_code(answer: Answer) -> Iterator[str]:
    typed = [tag.get_text() for tag in answer.tags(("textarea", "pre"))]  # the text of a person, as it is
    for braces in ("{{", "}}", "{%", "%}", "{#", "#}"):
        if answer.text.count(braces) > sum(text.count(braces) for text in typed):
            yield f"unrendered {braces}"
    for text in _visible_texts(answer):
        if re.search(r"\bNone\b|object at 0x|\bUndefined\b", text):
            yield f"a value of Python is shown: « {text.strip()[:80]} »"
    for tag in answer.tags(True):
        for name, value in tag.attrs.items():
            if re.search(
                r"(^|[/=-])None($|[/&-])", " ".join(value) if isinstance(value, list) else str(value)
            ):
                yield f"a value of Python is in {name}: {_show(tag)}"


@rule("apostrophe")
def _apostrophes_are_curly(answer: Answer) -> Iterator[str]:
    for text in _visible_texts(answer):
        if re.search(r"[^\W\d_]'[^\W\d_]", text):
            yield f"write ’ in « {text.strip()[:80]} »"


@rule("no-break-space")
def _signs_hold_to_their_word(answer: Answer) -> Iterator[str]:
    for text in _visible_texts(answer):
        if re.search(r"\w [?!;:»€%](?!\w)|« |\d [hj](?=\W|$)", text):
            yield f"a no-break space is missing in « {text.strip()[:80]} »"


# --- Controls and forms -------------------------------------------------------------------------


def _has_name(tag: Tag, answer: Answer) -> bool:
    if str(tag.get("aria-label") or "").strip():
        return True
    if tag.get("aria-labelledby"):
        return True
    if tag.name in ("button", "a", "summary"):
        spoken = tag.find_all(lambda one: one.get("aria-hidden") == "true")
        silent = {id(text) for one in spoken for text in one.find_all(string=True)}
        images = any(str(image.get("alt") or "").strip() for image in tag.find_all("img"))
        return images or any(text.strip() and id(text) not in silent for text in tag.find_all(string=True))
    own = answer.soup.find("label", attrs={"for": tag["id"]}) if tag.get("id") else None
    label = own or tag.find_parent("label")
    return label is not None and bool(_words(label))


@rule("label")
def _controls_have_labels(answer: Answer) -> Iterator[str]:
    for tag in answer.tags(["input", "select", "textarea", "button", "a", "summary"]):
        nameless = tag.name == "input" and tag.get("type", "text") in NAMELESS_INPUTS
        is_anchor = tag.name == "a" and not tag.has_attr("href")
        if not nameless and not is_anchor and not _has_name(tag, answer):
            yield f"no label: {_show(tag)}"


@rule("form")
def _forms_are_complete(answer: Answer) -> Iterator[str]:
    for form in answer.tags("form"):
        method = str(form.get("method") or "get").lower()
        if not form.get("action"):
            yield f"a form without action: {_show(form)}"
        if method not in ("get", "post"):
            yield f"a form with method {method}"
        tokens = form.find_all("input", attrs={"name": "csrf_token"})
        if method == "post" and (len(tokens) != 1 or not tokens[0].get("value")):
            yield f"a POST form needs one csrf_token, this has {len(tokens)}: {_show(form)}"
        if method == "get" and tokens:
            yield f"a GET form would put the csrf_token in the address: {_show(form)}"


@rule("button")
def _buttons_have_a_purpose(answer: Answer) -> Iterator[str]:
    for button in answer.tags("button"):
        kind = button.get("type")
        if kind not in (None, "submit", "button"):
            yield f"type « {kind} »: {_show(button)}"
        if kind != "button" and answer.is_page and _form_of(button, answer) is None:
            yield f"a button that submits no form: {_show(button)}"


@rule("image")
def _images_have_a_text(answer: Answer) -> Iterator[str]:
    yield from (f"no alt: {_show(image)}" for image in answer.tags("img") if not image.has_attr("alt"))
    for drawing in answer.tags("svg"):
        labelled = drawing.get("role") == "img" and (
            drawing.get("aria-label") or drawing.get("aria-labelledby")
        )
        if drawing.get("aria-hidden") != "true" and not labelled:
            yield f"neither aria-hidden nor labelled: {_show(drawing)}"


# --- Scripts, styles, addresses -----------------------------------------------------------------


@rule("inline")
def _nothing_is_inline(answer: Answer) -> Iterator[str]:
    yield from (f"inline script: {_show(tag)}" for tag in answer.tags("script") if not tag.get("src"))
    yield from (f"inline style: {_show(tag)}" for tag in answer.tags("style"))
    for tag in answer.tags(True):
        for name, value in tag.attrs.items():
            if name == "style" or name.startswith("on") or name.startswith("hx-on"):
                yield f"attribute {name}: {_show(tag)}"
            elif str(value).strip().lower().startswith(("javascript:", "data:")):
                yield f"{name} holds a {value[:11]} address: {_show(tag)}"


def _is_ours(address: str) -> bool:
    parts = urlsplit(address.strip())
    return not parts.scheme and not parts.netloc


@rule("origin")
def _loads_only_from_here(answer: Answer) -> Iterator[str]:
    for tag in answer.tags(True):
        names = LOADING_ATTRIBUTES + (("href",) if tag.name in ("link", "use", "image", "base") else ())
        for name in names:
            if tag.has_attr(name) and not _is_ours(str(tag[name])):
                yield f"{name} leads to another host: {_show(tag)}"
        if tag.name == "a" and urlsplit(str(tag.get("href") or "")).scheme not in LINK_SCHEMES:
            yield f"a link with an unexpected scheme: {_show(tag)}"
        if tag.name in ("iframe", "object", "embed", "base"):
            yield f"<{tag.name}> is not used here: {_show(tag)}"


# --- htmx ---------------------------------------------------------------------------------------


@rule("htmx-attributes")
def _htmx_attributes_are_known(answer: Answer) -> Iterator[str]:
    for tag in answer.tags(True):
        for name in tag.attrs:
            if name.startswith("data-hx-") or (name.startswith("hx-") and name not in HTMX_ATTRIBUTES):
                yield f"attribute {name} is not in the subset: {_show(tag)}"


@rule("htmx-explicit")
def _htmx_elements_are_explicit(answer: Answer) -> Iterator[str]:
    for tag in answer.tags(True):
        acts = tag.has_attr("hx-get") or tag.has_attr("hx-post")
        others = [name for name in tag.attrs if name.startswith("hx-") and name != "hx-swap-oob"]
        if not acts:
            if others:
                yield f"{others} without hx-get or hx-post would be inherited: {_show(tag)}"
            continue
        target, swap = str(tag.get("hx-target") or ""), str(tag.get("hx-swap") or "").split()
        if not target:
            yield f"hx-target is missing: {_show(tag)}"
        elif answer.is_page and target.startswith("#") and answer.soup.find(id=target[1:]) is None:
            yield f"hx-target {target} is not on the page: {_show(tag)}"
        if not swap or swap[0] not in HTMX_SWAPS:
            yield f"hx-swap must be one of {sorted(HTMX_SWAPS)}: {_show(tag)}"


def _plain_addresses(tag: Tag, answer: Answer, method: str) -> set[str]:
    """Where this element leads without htmx: its link, its form, or the links it holds."""
    form = tag if tag.name == "form" else _form_of(tag, answer)
    addresses = {str(tag["formaction"])} if tag.has_attr("formaction") else set()
    if form is not None and str(form.get("method") or "get").lower() == method and not addresses:
        addresses.add(str(form.get("action")))
    if method == "get":
        addresses |= {str(link["href"]) for link in [tag, *tag.find_all("a")] if link.has_attr("href")}
    return addresses


@rule("htmx-twin")
def _htmx_doubles_a_form_or_link(answer: Answer) -> Iterator[str]:
    for tag in answer.tags(True):
        for method in ("get", "post"):
            wanted = tag.get(f"hx-{method}")
            if wanted is not None and str(wanted) not in _plain_addresses(tag, answer, method):
                yield f"hx-{method}={wanted} is not the address of the form or link: {_show(tag)}"


@rule("fragment")
def _fragments_have_one_root(answer: Answer) -> Iterator[str]:
    if answer.is_page or "HX-Retarget" in answer.headers:
        return
    roots = [root for root in answer.roots if root.name != "title"]
    if len(roots) > 1 or any(not root.get("id") for root in roots):
        yield f"a fragment has one root with an id, here: {[_show(root)[:60] for root in roots]}"
    if answer.method == "GET" and answer.status == 200 and "HX-Request" not in answer.headers.get("Vary", ""):
        yield "an address with two shapes must send Vary: HX-Request"


@rule("out-of-band")
def _out_of_band_is_sober(answer: Answer) -> Iterator[str]:
    elsewhere = answer.tags(attrs={"hx-swap-oob": True})
    if answer.is_page and elsewhere:
        yield f"hx-swap-oob stands on a page: {_show(elsewhere[0])}"
    if len(elsewhere) > MOST_OUT_OF_BAND:
        yield f"{len(elsewhere)} zones are swapped elsewhere, at most {MOST_OUT_OF_BAND}"
    for tag in elsewhere:
        if not tag.get("id") and ":#" not in tag["hx-swap-oob"]:
            yield f"hx-swap-oob without id: {_show(tag)}"


# --- Headers ------------------------------------------------------------------------------------


@rule("no-store")
def _private_pages_are_not_kept(answer: Answer) -> Iterator[str]:
    if answer.signed_in and "no-store" not in answer.headers.get("Cache-Control", ""):
        yield f"a signed-in page must be no-store, not « {answer.headers.get('Cache-Control')} »"


@rule("csp")
def _policy_is_strict(answer: Answer) -> Iterator[str]:
    policy = answer.headers.get("Content-Security-Policy", "")
    if "default-src" not in policy or "unsafe-" in policy or "*" in policy or "data:" in policy:
        yield f"the policy is absent or too wide: « {policy} »"
