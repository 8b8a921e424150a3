"""The colour of a town: WCAG AA on every ground of the portal, or the nearest one that is (R59)."""

import re
from pathlib import Path

import pytest

from domain import town_colours
from domain.town_colours import contrast, is_colour, is_readable, nearest_readable, palette

STYLESHEET = (Path(__file__).parents[2] / "static" / "css" / "portail.css").read_text(encoding="utf-8")
COLOURS = ["#ffffff", "#ffcc00", "#ff0000", "#e3007b", "#00ff00", "#0066cc", "#808080", "#f3b43f", "#010101"]


def token(name: str) -> str:
    value = re.search(rf"--{name}: (#[0-9a-f]+);", STYLESHEET)[1]
    return value if len(value) == 7 else "#" + "".join(2 * digit for digit in value[1:])


def test_what_is_judged_is_what_the_stylesheet_shows():
    assert token("brand") == town_colours.OWN
    assert (
        token("ink"), token("ink-soft"), token("accent"),
    ) == (town_colours.INK, town_colours.INK_SOFT, town_colours.ACCENT)  # fmt: skip
    assert (token("card"), token("paper"), token("paper-deep")) == town_colours.GROUNDS
    assert all(f"--{name}:" in STYLESHEET for name in palette("#0e5a5a"))


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21), ("#ffffff", "#ffffff", 1), ("#777777", "#ffffff", 4.48)],
)
def test_the_contrast_is_that_of_the_standard(one, other, ratio):
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)


@pytest.mark.parametrize("colour", COLOURS)
def test_the_nearest_colour_is_readable_everywhere(colour):
    found = nearest_readable(colour)
    shades = palette(found)
    assert is_readable(found)
    for ground in ("#ffffff", "#faf8f3", "#f2efe8", shades["brand-tint"]):
        assert contrast(found, ground) >= 4.5
    assert contrast("#1b2430", shades["brand-tint"]) >= 4.5
    assert contrast(shades["brand-ink-soft"], found) >= 4.5


def test_a_readable_colour_stays_as_it_is():
    assert nearest_readable("#7a1f5c") == "#7a1f5c"
    assert nearest_readable("#000000") == "#000000"


def test_a_light_colour_keeps_its_hue():
    assert not is_readable("#ffcc00")
    assert nearest_readable("#ff0000") == "#c20000"


@pytest.mark.parametrize("text", ["", "#fff", "red", "#12345g", "#0E5A5A", "0e5a5a", "#0e5a5a;}"])
def test_only_one_writing_is_a_colour(text):
    assert not is_colour(text)
