"""Short rulebooks and scenarios, written in the tests that need them."""

from textwrap import dedent

from adapters import rulebook_files
from domain.french import NBSP
from domain.rulebook import expectations, questions, rulebook, scenario
from domain.rulebook.tree import Faults

HEADER = """\
reglement: {nom: Essai}
calendrier: {jours_d_ecole: [lundi, mardi, jeudi, vendredi], jours_feries: metropole, vacances: zone_b}
"""


def read(text, header=HEADER):
    """(rulebook or None, faults) of a text; the identity and the calendar are added."""
    faults = Faults()
    root = rulebook_files.parse(header + dedent(text), faults)
    return (None if root is None else rulebook.read(root, rulebook_files, faults)), faults


def rulebook_of(text, header=HEADER):
    book, faults = read(text, header)
    assert [str(fault) for fault in faults.errors] == []
    return book


def messages(text, header=HEADER):
    """Every fault of a text that cannot be used."""
    book, faults = read(text, header)
    assert book is None
    return [plain(str(fault)) for fault in faults.errors]


def ask(book, text):
    """The results of questions written as in a scenario file."""
    faults = Faults()
    found = scenario.read(rulebook_files.parse("questions:\n" + dedent(text), faults), book, faults)
    assert [str(fault) for fault in faults] == []
    return questions.answer_all(book, found)


def plain(text):
    """The text with ordinary spaces."""
    return text.replace(NBSP, " ")


def check(book, text):
    """Every answer is what its question expects."""
    results = ask(book, text)
    assert all(one.question.expected for one in results)
    assert {one.question.name: found for one in results if (found := expectations.differences(one))} == {}
