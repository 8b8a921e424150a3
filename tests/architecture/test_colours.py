"""Texts are readable: 4.5 to 1 or more between each text colour and its grounds (RGAA 3.2)."""

import re
from pathlib import Path

import pytest

STYLESHEET = Path(__file__).parents[2] / "static" / "css" / "portail.css"
COLOUR = re.compile(r"--(?P<name>[a-z0-9-]+): (?P<value>#[0-9a-f]{3,6});")

TONES = ("ok", "wait", "stop", "info", *(f"child-{number}" for number in range(1, 7)))
TEXT_ON_GROUND = [
    *(
        (text, ground)
        for text in ("ink", "ink-soft")
        for ground in ("paper", "paper-deep", "card", "brand-tint")
    ),
    *((tone, ground) for tone in TONES for ground in ("card", f"{tone}-tint")),
    *(("card", tone) for tone in (*TONES, "ink")),
    ("brand", "paper"),
    ("brand", "paper-deep"),
    ("brand", "card"),
    ("brand", "brand-tint"),
    ("brand-ink", "brand"),
    ("brand-ink", "brand-deep"),
    ("brand-ink-soft", "brand"),
    ("ink", "accent"),
    ("ink", "accent-deep"),
    ("wait", "card"),
    ("stop", "paper"),
]
BORDER_ON_GROUND = [("line-strong", "card"), ("line-strong", "paper"), ("accent", "ink"), ("accent", "brand")]


def _colours() -> dict[str, str]:
    return {
        match["name"]: match["value"] for match in COLOUR.finditer(STYLESHEET.read_text(encoding="utf-8"))
    }


def _luminance(value: str) -> float:
    digits = value[1:] if len(value) == 7 else "".join(2 * digit for digit in value[1:])
    channels = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    linear = [
        channel / 12.92
        if channel <= 0.04045
        else ((channel + 0.055) / 1.055) ** 2.4  # WCAG 2 relative luminance
        for channel in channels
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(("text", "ground"), TEXT_ON_GROUND)
def test_text_is_readable_on_its_ground(text, ground):
    colours = _colours()
    assert _contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize(("border", "ground"), BORDER_ON_GROUND)
def test_edges_of_controls_are_seen(border, ground):
    colours = _colours()
    assert _contrast(colours[border], colours[ground]) >= 3
