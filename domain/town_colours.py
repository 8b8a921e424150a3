"""The colour that a town chooses, and what follows from it: only one that everybody can read is taken (R59).

WCAG 2.2 AA. The colour carries white letters, is read as a text on every ground of the portal, and the yellow
accent is seen on it. What is not readable leads to the nearest colour of the same hue that is.
"""

import colorsys
import re
from collections.abc import Mapping
from functools import cache

OWN = "#0e5a5a"  # of a town that chose none: the one of static/css/portail.css
TEXT, EDGE = 4.5, 3.0
WHITE, INK, INK_SOFT, ACCENT = "#ffffff", "#1b2430", "#55606e", "#f3b43f"
GROUNDS = (WHITE, "#faf8f3", "#f2efe8")  # card, paper, paper-deep
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_STEPS = 255


def is_colour(text: str) -> bool:
    """Whether it is written like « #0e5a5a »."""
    return _COLOUR.fullmatch(text) is not None


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2, from 1 to 21, between two colours."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@cache
def palette(colour: str) -> Mapping[str, str]:
    """The custom properties of the stylesheet that follow from the colour, by name."""
    return {
        "brand": colour,
        "brand-deep": _mixed(colour, "#000000", 0.24),
        "brand-ink-soft": _mixed(colour, WHITE, 0.82),
        "brand-tint": _mixed(colour, WHITE, 0.9),
    }


@cache
def is_readable(colour: str) -> bool:
    """Whether a portal in this colour is readable everywhere."""
    shades = palette(colour)
    texts = [
        *((colour, ground) for ground in (*GROUNDS, shades["brand-tint"])),
        *((ink, shades["brand-tint"]) for ink in (INK, INK_SOFT)),
        (shades["brand-ink-soft"], colour),
        (WHITE, shades["brand-deep"]),
    ]
    return contrast(ACCENT, colour) >= EDGE and all(contrast(*pair) >= TEXT for pair in texts)


def nearest_readable(colour: str) -> str:
    """The colour itself, or the lightest one below it, of the same hue, that is readable."""
    if is_readable(colour):
        return colour
    hue, lightness, saturation = colorsys.rgb_to_hls(*(channel / 255 for channel in _channels(colour)))
    for step in range(int(lightness * _STEPS), 0, -1):
        found = _written(
            tuple(round(255 * one) for one in colorsys.hls_to_rgb(hue, step / _STEPS, saturation))
        )
        if is_readable(found):
            return found
    return OWN


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _written(channels: tuple[int, ...]) -> str:
    return "#" + "".join(f"{one:02x}" for one in channels)


def _mixed(colour: str, other: str, part: float) -> str:
    """The colour with so much of the other in it."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return _written(tuple(round(one + (two - one) * part) for one, two in pairs))


def _luminance(colour: str) -> float:
    linear = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in (one / 255 for one in _channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
