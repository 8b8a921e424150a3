"""Our scripts and styles use nothing that Safari 15.4 or Chrome 99 lacks (R58): phones of eight years ago.

The lists hold what a developer would reach for, with the first versions that know it (« Safari / Chrome »).
What both know is not here: cascade layers, `dialog`, `inset`, `structuredClone`, `at()`, `randomUUID()`.
What only makes a page finer stands in `@supports`, as `:has()` (15.4 / 105).
"""

import re

import pytest

from tests.architecture.sources import ROOT

STYLES = {
    r"@container\b|container-(?:type|name):": "16.0 / 105: container queries",
    r"@(?:scope|starting-style|view-transition|property)\b": "16.4 / 85 and later",
    r"\b(?:color-mix|oklch|oklab|lch|lab|light-dark)\(": "15.4 to 17.5 / 111 to 123",
    r"\bsubgrid\b": "16.0 / 117",
    r"\btext-wrap\b|\bfield-sizing\b|\binterpolate-size\b|\bcalc-size\(": "17.4 / 114 and later",
    r"\bview-transition|\b(?:animation|scroll|view)-timeline": "18 / 111",
    r":popover-open|:user-(?:valid|invalid)|:state\(": "16.5 / 114 and later",
    r"\d(?:sv|lv|dv)(?:h|w|min|max|i|b)\b": "15.4 / 108: heights that follow the bars of the browser",
    r"\d(?:cqw|cqh|cqi|cqb|rlh|rex|rch|ric)\b": "16.0 / 105",
    r"@media[^{]*\([^)]*[<>]": "16.4 / 104: ranges in media queries",
    r"[{;\s](?:rotate|scale|translate):": "14.1 / 104: transformations one by one",
    r"\b(?:round|mod|rem|sin|cos|tan|pow|hypot)\(": "15.4 / 111 to 125",
    r"\bscrollbar-(?:gutter|width|color):": "18.2 / 94 to 121",
    r"\banchor-name\b|\bposition-anchor\b|\banchor\(": "26 / 125",
    r"&\s*[.:#\[>+~{]|&\s+\w": "16.5 / 112: rules inside of rules",
    r"\btext-box|\bmargin-trim\b|\bheight: stretch": "16.4 and later, or not both",
}
SCRIPTS = {
    r"\.(?:toSorted|toReversed|toSpliced)\(": "16.0 / 110",
    r"\bObject\.groupBy|\bMap\.groupBy|\bArray\.fromAsync": "16.4 / 117",
    r"\.(?:isWellFormed|toWellFormed)\(": "16.4 / 111",
    r"\bPromise\.(?:withResolvers|try)\b": "17.4 / 119",
    r"\bAbortSignal\.(?:timeout|any)\b": "16.0 / 103",
    r"\.(?:showPopover|hidePopover|togglePopover)\(": "17 / 114",
    r"\bstartViewTransition\b": "18 / 111",
    r"\.inert\b|[\"']inert[\"']": "15.5 / 102",
    r"\brequestIdleCallback\b|\bSyncManager\b|\.sync\.register": "unknown to Safari",
    r"\b(?:scheduler|navigation)\.\w+\(": "not both",
    r"\.(?:checkVisibility|setHTML|setHTMLUnsafe|getHTML|moveBefore)\(": "17.4 / 105 and later",
    r"\(\?<[=!]": "16.4 / 62: looking behind in a regular expression",
    r"\bstatic\s*\{|#\w+ in\b": "16.4 / 94",
    r"\bURL\.(?:canParse|parse)\b": "17 / 120",
    r"\bIntl\.(?:DurationFormat|ListFormat\.prototype)\b": "16.4 / 129",
    r"\bnavigator\.userAgentData\b": "unknown to Safari",
    r"\bnew Set\([^)]*\)\.(?:union|intersection|difference|isSubsetOf)\(": "17 / 122",
}
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
LINE_COMMENT = re.compile(r"(?m)(?:^|\s)//.*$")
GUARDED = re.compile(r"@supports[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
HAS = {r":has\(": "15.4 / 105, outside of @supports"}
PLACES = [("css", STYLES | HAS), ("js", SCRIPTS)]


def faults(text: str, newer: dict[str, str]) -> list[str]:
    """Each thing too new that stands in a file, with the browsers that know it."""
    bare = GUARDED.sub("", LINE_COMMENT.sub("", COMMENT.sub("", text)))
    return [f"« {found[0]} » ({since})" for one, since in newer.items() if (found := re.search(one, bare))]


@pytest.mark.parametrize(("kind", "newer"), PLACES)
def test_nothing_is_newer_than_the_oldest_browsers(kind, newer):
    files = sorted((ROOT / "static" / kind).glob(f"*.{kind}"))
    assert files
    found = {one.name: faults(one.read_text(encoding="utf-8"), newer) for one in files}
    assert {name: some for name, some in found.items() if some} == {}


@pytest.mark.parametrize(
    ("text", "newer"),
    [
        (".list { height: 100dvh }", STYLES),
        (".list { & a { color: red } }", STYLES),
        ("@media (width >= 40rem) { a { color: red } }", STYLES),
        (".list:has(a) { color: color-mix(in srgb, red, blue) }", STYLES),
        ("li:has(> .badge) { order: 1 }", HAS),
        ("row.inert = true", SCRIPTS),
        ("const days = all.toSorted();", SCRIPTS),
        ("text.replace(/(?<=a)b/, '')", SCRIPTS),
    ],
)
def test_what_is_too_new_is_seen(text, newer):
    assert faults(text, newer) != []
    assert faults(f"/* {text} */", newer) == []
