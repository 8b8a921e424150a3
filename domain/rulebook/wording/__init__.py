"""The legal text of a rulebook: readable French sentences, each tied to the rule that it states."""

from domain.rulebook.wording.conditions import say_condition
from domain.rulebook.wording.cutoffs import say_cutoff
from domain.rulebook.wording.formulas import Unit
from domain.rulebook.wording.ladders import say_ladder
from domain.rulebook.wording.legal_text import legal_text, lexicon_of
from domain.rulebook.wording.lexicon import Lexicon
from domain.rulebook.wording.text import Section, Sentence, Table, TableRow
from domain.rulebook.wording.values import say_value

__all__ = [
    "Lexicon",
    "Section",
    "Sentence",
    "Table",
    "TableRow",
    "Unit",
    "legal_text",
    "lexicon_of",
    "say_condition",
    "say_cutoff",
    "say_ladder",
    "say_value",
]
