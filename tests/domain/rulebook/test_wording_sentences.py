"""Sentence by sentence: what the legal text makes of each form of rule, against sentences checked by hand."""

import re
from enum import StrEnum
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from adapters import rulebook_files
from domain.french import NARROW_NBSP, NBSP
from domain.rulebook import rulebook
from domain.rulebook.tree import Faults
from domain.rulebook.wording.legal_text import legal_text

FOLDER = Path(__file__).parent
EXPECTED = yaml.safe_load((FOLDER / "sentences.yaml").read_text(encoding="utf-8"))
CASES = sorted((FOLDER.parents[1] / "cases").glob("*.reglement.yaml"))

HEADER = """\
reglement: {nom: Essai}
"""
CALENDAR = """\
calendrier:
  jours_d_ecole: [lundi, mardi, jeudi, vendredi]
  jours_feries: metropole
  vacances: zone_b
  mairie_ouverte: [lundi, mardi]
  periodes: {hiver: {du: 2027-02-13, au: 2027-02-27}}
"""
FACTS = """\
faits:
  residence: [commune, hors_commune]
  rang: entier
  revenus: nombre
  arrivee: heure
  depart: heure
  pai: oui_non
  formule: [repas, panier]
  naissance: date
  pris: entier
  payeur: [mere, pere]
"""
BASE = HEADER + CALENDAR + FACTS
ROUNDED = "arrondi: {au: 0.01, vers: plus_proche, apres: [total]}"
LATE = "{nom: tardif, si: delai, operation: ajouter, valeur: 2.50, portee: unite}"
OPEN = "ouverture: {jours: [lundi, mardi, jeudi], ecole: oui, vacances: non, feries: non}"
STAGE = "{actions: [reserver], canaux: tous, etapes: [{jusqu_a: REGLE, effet: libre}], ensuite: refus}"
BY_QUOTIENT = """\
{table: {selon: quotient, trous: refuser, lignes: [{quotient: {a: 700}, valeur: 2},
{quotient: {plus_de: 700}, valeur: 3}, {quotient: inconnu, valeur: 3}]}}"""


def canteen(rules):
    return f"{BASE}activites: {{cantine: {{nom: Cantine, {rules}}}}}\n"


def priced(price="3", more=""):
    return f"tarif: {{prix: {price}, {more}{ROUNDED}}}"


BARE = "activites: {cantine: {nom: Cantine}}\n"
# The file that a rule is put into (at REGLE) and the section of the text that states it.
TEMPLATES = {
    "delai": (canteen(f"{OPEN}, delais: [{STAGE}]"), "délais"),
    "echelle": (canteen(f"{priced(more=f'ajustements: [{LATE}], ')}, delais: [REGLE]"), "délais"),
    "prix": (canteen(priced("REGLE")), "prix"),
    "quantite": (canteen(priced("1.20", "quantite: REGLE, ")), "prix"),
    "ajustement": (canteen(priced("3", "ajustements: [REGLE], ")), "prix"),
    "lecture": (canteen(priced(BY_QUOTIENT, "ajustements: [REGLE], ")), "prix"),
    "arrondi": (canteen("tarif: {prix: 3, arrondi: REGLE}"), "prix"),
    "condition": (f"{BASE}conditions: {{admis: {{si: REGLE, sinon: Refusé.}}}}\n{BARE}", "calcule"),
    "cumul": (canteen(priced()) + "facturation: {payeur: payeur}\ncumuls: [REGLE]\n", "Totaux"),
    "compte": (canteen(f"{OPEN}, {priced()}, comptes: [REGLE]"), "comptes"),
    "absence": (
        f"{HEADER}{CALENDAR}faits: {{cause: [maladie, greve, autre]}}\n"
        "activites: {cantine: {nom: Cantine, absences: [REGLE, {nom: le reste, si: toujours, du: tout}]}}\n",
        "absences",
    ),
    "inscription": (
        canteen(f"{OPEN}, inscription: {{REGLE}}")
        + "conditions: {trois_ans: {si: {rang: {de: 3}}, sinon: Refusé.}}\n",
        "inscription",
    ),
    "facturation": (f"{BASE}{BARE}facturation: {{REGLE}}\n", "Factures"),
    "quotient": (f"{BASE}{BARE}quotient: REGLE\n", "Quotient"),
    "ouverture": (canteen("ouverture: REGLE"), "jours"),
    "calendrier": (f"{HEADER}calendrier: REGLE\n{BARE}", "Calendrier"),
    "montant": (f"{BASE}montants: {{resultat: REGLE}}\n{BARE}", "calcule"),
    "date": (f"{BASE}dates: {{resultat: REGLE}}\n{BARE}", "calcule"),
}
PAST = "Dans tous les cas, rien ne change plus pour un jour passé ou un jour où l’activité n’a pas lieu."
TO_THE_CENT = "On arrondit le total au centime, au plus proche (la moitié monte)."
# What the rest of a template says, the same under each of its rules.
REST = {
    "delai": {
        PAST,
        "Passé ce délai, elle est refusée.",
        "Dans les autres cas, elle est refusée.",
        "Elle est refusée.",
    },
    "echelle": {PAST},
    "prix": {TO_THE_CENT},
    "quantite": {TO_THE_CENT, "Le prix d’une unité est de 1,20 €."},
    "ajustement": {TO_THE_CENT, "Le prix est de 3,00 €."},
    "lecture": {
        TO_THE_CENT,
        "Le prix se lit dans ce tableau, selon le quotient familial.",
        "Quotient familial | Prix",
        "700 ou moins | 2,00 €",
        "Plus de 700 | 3,00 €",
        "Inconnu | 3,00 €",
        "Ce qui n’est sur aucune ligne n’est pas prévu.",
    },
    "arrondi": {"Le prix est de 3,00 €."},
    "cumul": {"Ce total est arrondi au centime, au plus proche (la moitié monte)."},
    "absence": {
        "Pour chaque jour réservé où l’enfant est absent, la première règle qui convient s’applique.",
        "« le reste » : dans tous les cas, tout est dû.",
    },
}
# The modules that read what a file says.
FORMAT = (
    "absences", "billing", "counts", "cutoffs", "days", "enrolment", "ladders", "money", "prices",
    "quantities", "quotients", "tables", "totals", "values",
)  # fmt: skip
EXAMPLES = [
    pytest.param(kind, one["regle"], one["texte"], id=f"{kind}-{number}")
    for kind, examples in EXPECTED.items()
    for number, one in enumerate(examples, 1)
]


def book_of(text):
    faults = Faults()
    found = rulebook.read(rulebook_files.parse(text, faults), rulebook_files, faults)
    assert [str(fault) for fault in faults.errors] == []
    return found


def written(sentences):
    """Sentences, and the rows of their tables, as one string each."""
    for sentence in sentences:
        yield sentence.text
        if sentence.table is not None:
            yield " | ".join(sentence.table.headings)
            yield from (" | ".join(row.cells) for row in sentence.table.rows)


def plain(text):
    return text.replace(NBSP, " ").replace(NARROW_NBSP, " ")


def test_every_kind_of_rule_has_examples():
    assert set(EXPECTED) == set(TEMPLATES)
    assert len(EXAMPLES) > 120


def format_words():
    """Every word that a file chooses among others, with the list that it is of."""
    for name in FORMAT:
        module = import_module(f"domain.rulebook.{name}")
        for found in vars(module).values():
            if isinstance(found, type) and issubclass(found, StrEnum) and found.__module__ == module.__name__:
                yield from ((f"{name}.{found.__name__}", word.value) for word in found)


def test_every_word_of_the_format_is_said_in_an_example():
    rules = " ".join(one["regle"] for examples in EXPECTED.values() for one in examples)
    said = set(re.findall(r"[a-z_]+", rules))
    assert {(where, word) for where, word in format_words() if word not in said} == set()


@pytest.mark.parametrize(("kind", "rule", "expected"), EXAMPLES)
def test_a_rule_is_said_in_these_words(kind, rule, expected):
    template, part = TEMPLATES[kind]
    sections = legal_text(book_of(template.replace("REGLE", rule)))
    sentences = (one for section in sections if part in section.title for one in section.sentences)
    found = [plain(text) for text in written(sentences)]
    assert [text for text in found if text not in REST.get(kind, ())] == expected


# --- How every sentence of every real règlement is written

ENGLISH = re.compile(r"\b(the|and|of|is|are|not|before|after|until|each|none|true|false|child|day)\b", re.I)
SNAKE = re.compile(r"\b[a-zà-ÿ]+_[a-zà-ÿ_]+\b")
BARE_SIGN = re.compile(r"(?<![\u00a0\u202f])[;!?»€%]| :(?!\S)|« |\d{4,}\u00a0€|\d €|['\"]|\.\.|,,| ,|  ")
CONTRACTED = re.compile(r"\b([Àà] les?|[Dd]e les?|[Dd]e [aeiouéèêh][a-zéè]*(?<!huit)(?<!onze)|[Ss]i il)\b")


@pytest.fixture(scope="module", params=CASES, ids=lambda path: path.name.removesuffix(".reglement.yaml"))
def sections(request):
    text = request.param.read_text(encoding="utf-8")
    return text, legal_text(book_of(text))


def own_words(sections):
    """The sentences that the program writes alone: the identity of a file is its town’s own words."""
    for section in sections:
        yield from (one for one in section.sentences if not one.rule.startswith("reglement."))


def test_sentences_are_whole(sections):
    for sentence in own_words(sections[1]):
        assert sentence.text[:1].isupper() or sentence.text.startswith("«"), sentence.text
        assert sentence.text.rstrip("»\u00a0").endswith((".", "!", "?")), sentence.text


def test_no_name_of_the_file_and_no_english_is_left(sections):
    for text in written(own_words(sections[1])):
        assert not SNAKE.search(text), text
        assert not ENGLISH.search(text), text


def test_french_typography(sections):
    for text in written(own_words(sections[1])):
        said = re.sub("«\u00a0[^»]*\u00a0»", "«\u00a0…\u00a0»", text)  # names and messages are the town’s
        assert not BARE_SIGN.search(said), text
        assert not CONTRACTED.search(said), text


def test_only_facts_that_the_file_declares_are_asked(sections):
    declared = yaml.safe_load(sections[0]).get("faits") or {}
    asked = {
        one.rule.split(".")[1]
        for section in sections[1]
        if section.title.startswith("Ce que la famille")
        for one in section.sentences
    }
    assert asked <= set(declared)
