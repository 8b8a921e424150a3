"""Two versions of a real règlement: the file, and the file with one thing replaced."""

from datetime import date, timedelta
from pathlib import Path

from adapters import rulebook_files
from domain.rulebook import rulebook
from domain.rulebook.change_words import say_limit_change, say_price_change
from domain.rulebook.comparison import Side, compare
from domain.rulebook.tree import Faults
from domain.rulebook.wording.legal_text import lexicon_of

CASES = Path(__file__).parents[2] / "cases"
TWELVE_WEEKS = [date(2026, 9, 1) + timedelta(days=number) for number in range(84)]


def text_of(case):
    return (CASES / f"{case}.reglement.yaml").read_text(encoding="utf-8")


def side(text):
    faults = Faults()
    root = rulebook_files.parse(text, faults)
    book = rulebook.read(root, rulebook_files, faults)
    assert [str(fault) for fault in faults.errors] == []
    return Side(root, book)


def changed(case, *replaced, days=TWELVE_WEEKS, **asked):
    """The comparison of a case with itself once each (old, new) text is replaced."""
    old = new = text_of(case)
    for before, after in replaced:
        assert before in new, before
        new = new.replace(before, after)
    return compare(side(old), side(new), days, **asked)


def said(case, *replaced, **asked):
    """What changes for whom, in words with plain spaces: prices then limits of every activity."""
    found = changed(case, *replaced, **asked)
    lexicon = lexicon_of(side(text_of(case)).book)
    lines = []
    for activity in found.activities:
        prices = () if activity.prices is None else activity.prices.changes
        lines += [say_price_change(one, lexicon) for one in prices]
        lines += [say_limit_change(one, lexicon) for one in activity.limits]
    return [line.replace("\u00a0", " ").replace("\u202f", " ") for line in lines]
