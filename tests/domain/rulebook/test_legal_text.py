"""The legal text: no rule, no figure is left out; each sentence is tied; another value is another text."""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from adapters import rulebook_files
from domain.clock_time import ClockTime
from domain.french import NARROW_NBSP, NBSP, month_name
from domain.rulebook.tree import Faults
from domain.rulebook.wording.conditions import say_condition
from domain.rulebook.wording.cutoffs import say_cutoff
from domain.rulebook.wording.ladders import say_ladder
from domain.rulebook.wording.legal_text import legal_text
from domain.rulebook.wording.numbers import calendar_day, clock, euros, format_number, in_letters, percent
from domain.rulebook.wording.values import say_value
from tests.domain.rulebook.helpers import HEADER, rulebook_of
from tests.domain.rulebook.mutants import leaves, mutants, read

ROOT = Path(__file__).parents[3]
CASES = sorted((ROOT / "tests" / "cases").glob("*.reglement.yaml"))
GUIDE = (ROOT / "docs" / "reglement-format.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml reglement\n(.*?)```", GUIDE, re.DOTALL)


def sources():
    """Every real règlement, then every example of the guide made whole."""
    yield from ((path.name, path.read_text(encoding="utf-8")) for path in CASES)
    for number, example in enumerate(EXAMPLES):
        text = example if "calendrier:" in example else HEADER + example
        text += "" if "activites:" in text else "\nactivites: {x: {nom: X}}\n"
        yield f"guide {number}", text


SOURCES = dict(sources())


@cache
def tree(name):
    return rulebook_files.parse(SOURCES[name], Faults())


@cache
def book(name):
    return read(tree(name))[0]


def everything(sections):
    """All that a reader sees, with ordinary spaces."""
    parts = []
    for section in sections:
        parts.append(section.title)
        for sentence in section.sentences:
            parts.append(sentence.text)
            if sentence.table is not None:
                parts += [
                    *sentence.table.headings,
                    *(cell for row in sentence.table.rows for cell in row.cells),
                ]
    return spaced("\n".join(parts))


def spaced(text):
    return text.replace(NBSP, " ").replace(NARROW_NBSP, " ")


# --- Every rule is tied to a sentence


def rules(part: Any, seen: set[int]) -> Iterator[Any]:
    """Every dataclass of a rulebook that has a path."""
    if id(part) in seen:
        return
    seen.add(id(part))
    if dataclasses.is_dataclass(part):
        if getattr(part, "path", ""):
            yield part
        for field in dataclasses.fields(part):
            if field.name not in ("almanac", "_deduce", "facts"):
                yield from rules(getattr(part, field.name), seen)
    elif isinstance(part, Mapping):
        for value in part.values():
            yield from rules(value, seen)
    elif isinstance(part, tuple | list | frozenset):
        for value in part:
            yield from rules(value, seen)


# Rules that a sentence or a row of their own must state; what they are made of may be said in it.
WHOLE = {
    "AbsenceRule", "Adjustment", "Choice", "Count", "DateRule", "DeducedFact", "Instalments", "Means",
    "Minimum", "NamedAmount", "NamedCondition", "Paper", "QuotientRule", "Replacement", "Shift", "Stage",
    "Total", "Window",
}  # fmt: skip
CONTAINERS = {"Activity", "Rulebook", "Billing", "Enrolment", "Ladder", "Tariff", "Allocation", "NamedDate"}


def is_below(path: str, above: str) -> bool:
    return path.startswith((f"{above}.", f"{above}["))


def untied(found, sections):
    """The rules of a rulebook that no sentence states."""
    ties = {one.rule for section in sections for one in section.sentences}
    tables = [one.table for section in sections for one in section.sentences if one.table is not None]
    ties |= {row.rule for table in tables for row in table.rows} | {table.rule for table in tables}
    every = list(rules(found, set()))
    telling = ties - {one.path for one in every if is_container(one)}
    telling |= {one.path for one in every if type(one).__name__ in WHOLE and one.path in ties}
    ladders = {one.path for one in every if type(one).__name__ == "Ladder"}
    for one in every:
        kind, path = type(one).__name__, one.path
        if kind in WHOLE:
            tied = path in ties
        elif kind in (*CONTAINERS, "Dated") or path.rpartition(".")[0] in ladders:
            # The condition of a ladder opens the sentence of its first stage.
            tied = any(is_below(tie, path.removesuffix(".si")) or tie == path for tie in ties)
        else:
            tied = any(path == tie or is_below(path, tie) or is_below(tie, path) for tie in telling)
        if not tied:
            yield f"{kind} {path}"


def is_container(rule):
    """What only holds rules; a rule without dated versions has the path of the rule itself."""
    kind = type(rule).__name__
    return kind in CONTAINERS or (kind == "Dated" and rule.changes)


@pytest.mark.parametrize("name", SOURCES)
def test_every_rule_is_tied_to_a_sentence_or_a_row(name):
    assert list(untied(book(name), legal_text(book(name)))) == []


def test_a_rule_that_nobody_says_is_noticed():
    """The proof above fails as soon as one sentence is missing."""
    found = book("A-saint-barnabe.reglement.yaml")
    sections = legal_text(found)
    for index, section in enumerate(sections):
        for sentence in section.sentences:
            if "etapes" in sentence.rule:
                rest = tuple(one for one in section.sentences if one is not sentence)
                shorter = dataclasses.replace(section, sentences=rest)
                assert list(untied(found, (*sections[:index], shorter, *sections[index + 1 :])))


@pytest.mark.parametrize("name", SOURCES)
def test_each_sentence_names_a_place_of_the_file(name):
    """A path of the file, or the word under it that a rule would have."""
    places = {node.path for _, node in leaves(tree(name))}
    for section in legal_text(book(name)):
        for sentence in section.sentences:
            near = {sentence.rule, sentence.rule.rpartition(".")[0]} - {""}
            assert any(path == one or is_below(path, one) for path in places for one in near), sentence.rule


# --- Every figure is said

FIGURE = re.compile(r"(?<![\w.])-?[0-9]+(?:\.[0-9]+)?")
NOT_RULES = ("source", "remarques", "nom", "jour_annonce", "sinon", "organisme", "exige", "scenario")


def figures(name):
    """Every number, time and date of a file, with the key that holds it."""
    for way, node in leaves(tree(name)):
        words = [step for step in way if isinstance(step, str)]
        if words[-1] not in NOT_RULES:
            yield from ((words[-1], one) for one in split_figures(node.value))


def split_figures(text):
    if re.match(r"[0-9]{4}-[0-9]{2}", text):
        return text.split(" ")
    if re.fullmatch(r"[0-9]{2}:[0-9]{2}", text):
        return [text]
    return FIGURE.findall(text)


def said_as(key, figure):
    """Every way in which the text may say a figure."""
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", figure):
        return {spaced(calendar_day(date.fromisoformat(figure)))}
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}", figure):
        month = month_name(int(figure[5:]))
        return {f"{month} {figure[:4]}", f"{month.capitalize()} {figure[:4]}"}
    if re.fullmatch(r"[0-9]{2}:[0-9]{2}", figure):
        at = ClockTime.parse(figure)
        return {spaced(clock(at))} | ({"0 h"} if at.minutes == 24 * 60 else set())
    return {spaced(one) for one in number_words(key, Decimal(figure))}


def number_words(key, value):
    yield from (format_number(abs(value)), euros(abs(value)), percent(value))
    yield from OF_KEYS.get((key, value), ())
    if value == int(value):
        yield from (
            in_letters(abs(int(value))),
            in_letters(abs(int(value)), feminine=True),
            f"{abs(int(value))}e",
        )
        if 1 <= value <= 12:
            yield month_name(int(value))
        if 0 <= value <= 1440:
            yield clock(ClockTime(int(value)))
        if value == 1:
            yield "1er"


# Figures that French says without the figure.
OF_KEYS = {
    ("jours", Decimal(0)): ["jour même", "avant le début"],
    ("jours", Decimal(1)): ["la veille"],
    ("semaines_avant", Decimal(0)): ["même semaine"],
    ("semaines_avant", Decimal(1)): ["semaine précédente"],
    ("mois_avant", Decimal(0)): ["même mois"],
    ("mois_avant", Decimal(1)): ["mois précédent"],
    ("mois_plus_tard", Decimal(0)): ["le mois même"],
    ("mois_plus_tard", Decimal(1)): ["le mois suivant"],
    ("tolerance", Decimal(0)): ["sans tolérance"],
    ("constante", Decimal(0)): [""],
    ("au", Decimal("0.01")): ["centime"],
    ("au", Decimal(1)): ["l’euro"],
    ("le", Decimal(31)): ["dernier jour"],
    ("au_jour", Decimal(31)): ["dernier jour"],
}


@pytest.mark.parametrize("name", SOURCES)
def test_every_number_time_and_date_of_the_file_is_said(name):
    said = everything(legal_text(book(name)))
    missing = [
        (key, one) for key, one in figures(name) if not any(word in said for word in said_as(key, one))
    ]
    assert missing == []


# --- Another value is another text

# Places whose value changes nothing: the reader takes them, the engine does not use them.
WITHOUT_EFFECT = (
    r"jour_annonce$",  # only checks the date beside it
    r"a_partir_de\.limite$",  # a start is always in time
    r"justificatif\.heure$",  # only hours are counted from an hour
)


def has_effect(name, way, leaf, value):
    path = ".".join(step for step in way if isinstance(step, str))
    if any(re.search(pattern, path) for pattern in WITHOUT_EFFECT):
        return False
    around = node_at(name, way[:-1])
    if path.endswith(".apres"):
        return len(around.value) == 1  # the total is rounded whether it is named or not
    if path.endswith(".effet"):
        return not around.has("jusqu_a") or around.value["jusqu_a"].value != "jamais"
    if way[0] == "faits" and {leaf.value, value} == {"nombre", "entier"}:
        return way[1] not in counted(name)  # a count is whole, however it is declared
    if ".compte." in path:
        delay = node_at(name, way[: way.index("compte")])
        return not (delay.has("jours") and delay.value["jours"].value == "0")  # 0 days count none
    return True


def node_at(name, way):
    node = tree(name)
    for step in way:
        node = node.value[step]
    return node


def counted(name):
    return {count.name for activity in book(name).activities.values() for count in activity.counts}


SAMPLE = [name for name in SOURCES if name.startswith("guide")] + [path.name for path in CASES[::8]]


@pytest.mark.parametrize("name", SAMPLE)
def test_another_value_is_another_text(name):
    before, tried = legal_text(book(name)), 0
    for way, leaf in leaves(tree(name)):
        for value, changed in islice(mutants(tree(name), way, leaf), 2):
            if has_effect(name, way, leaf, value):
                tried += 1
                assert legal_text(changed) != before, (way, leaf.value, value)
    assert tried > 3


# --- What a reader sees


LADDER = """
    activites:
      cantine:
        nom: Restaurant scolaire
        delais:
          - actions: [reserver]
            canaux: tous
            etapes:
              - {jusqu_a: {forme: jours_avant, jours: 2, compte: {base: tous, sans_feries: non, sans_vacances: non}, francs: oui, heure: "23:59", limite: minute_incluse}, effet: libre}
            ensuite: refus
    """  # noqa: E501  a rule a line


def test_a_delay_says_its_days_its_hour_and_what_follows():
    (section,) = [one for one in legal_text(rulebook_of(LADDER)) if one.title.endswith("délais")]
    assert [(spaced(one.text), one.rule) for one in section.sentences] == [
        (
            "La réservation est possible jusqu’à deux jours francs avant le jour concerné (deux jours "
            "entiers entre les deux ; tous les jours comptent), à 23 h 59 au plus tard, "
            "cette minute comprise.",
            "activites.cantine.delais[1].etapes[1]",
        ),
        ("Passé ce délai, elle est refusée.", "activites.cantine.delais[1].ensuite"),
        (
            "Dans tous les cas, rien ne change plus pour un jour passé ou un jour où l’activité n’a pas "
            "lieu.",
            "activites.cantine.delais",
        ),
    ]


VERSIONS = """
    activites:
      cantine:
        nom: Cantine
        tarif:
          versions:
            - {nom: ancien, du: 2025-09-01, au: 2026-08-31, regle: {prix: 3.70, arrondi: {au: 0.01, vers: plus_proche, apres: [total]}}}
            - {nom: nouveau, du: 2026-09-01, regle: {prix: 3.85, arrondi: {au: 0.01, vers: plus_proche, apres: [total]}}}
    """  # noqa: E501  a rule a line


def test_each_version_says_its_dates_and_each_sentence_its_version():
    sections = [one for one in legal_text(rulebook_of(VERSIONS)) if "prix" in one.title]
    assert [spaced(one.title) for one in sections] == [
        "Cantine : prix, version « ancien »",
        "Cantine : prix, version « nouveau »",
    ]
    assert [spaced(one.sentences[0].text) for one in sections] == [
        "Ces prix valent pour les jours de service du lundi 1er septembre 2025 au lundi 31 août 2026, "
        "ces deux jours compris.",
        "Ces prix valent pour les jours de service à partir du mardi 1er septembre 2026 compris.",
    ]
    assert [{sentence.version for sentence in one.sentences} for one in sections] == [{"ancien"}, {"nouveau"}]


PRICES = """
    activites:
      cantine:
        nom: Cantine
        tarif:
          prix:
            table:
              selon: quotient
              trous: tranche_inferieure
              lignes:
                - {quotient: {moins_de: 701}, valeur: 1.00}
                - {quotient: {de: 701, moins_de: 900}, valeur: 2.50}
                - {quotient: {de: 900, a: 1200}, valeur: 3}
                - {quotient: {plus_de: 1200}, valeur: 3.60}
                - {quotient: inconnu, valeur: 3.60}
          arrondi: {au: 0.01, vers: plus_proche, apres: [total]}
    """


def test_a_price_table_has_headings_rows_and_exact_bounds():
    (section,) = [one for one in legal_text(rulebook_of(PRICES)) if one.title.endswith("prix")]
    table = section.sentences[0].table
    assert table.headings == ("Quotient familial", "Prix")
    assert [tuple(map(spaced, row.cells)) for row in table.rows] == [
        ("Moins de 701", "1,00 €"),
        ("De 701 à moins de 900", "2,50 €"),
        ("De 900 à 1 200 inclus", "3,00 €"),
        ("Plus de 1 200", "3,60 €"),
        ("Inconnu", "3,60 €"),
    ]
    assert table.rows[1].rule == "activites.cantine.tarif.prix.table.lignes[2]"
    assert section.sentences[1].text == "Une valeur qui tombe entre deux lignes suit la ligne inférieure."


def test_better_words_replace_those_of_the_file():
    text = """
        faits: {formule: [demi_j, j]}
        activites:
          alsh:
            nom: Accueil
            tarif:
              prix: {table: {selon: formule, lignes: [{formule: j, valeur: 9}, {formule: demi_j, valeur: 5}]}}
              arrondi: {au: 0.01, vers: plus_proche, apres: [total]}
        """
    said = everything(legal_text(rulebook_of(text), {"demi_j": "demi-journée sans repas", "j": "journée"}))
    assert "Demi-journée sans repas" in said
    assert "demi j" not in said


def test_a_file_without_declared_facts_asks_nobody_for_anything():
    assert not [one for one in legal_text(rulebook_of(PRICES)) if one.title.startswith("Ce que la famille")]


# --- One rule at a time, for pages and forms


def test_a_ladder_a_limit_a_condition_and_a_value_are_said_alone():
    found = rulebook_of("""
        faits: {rang: entier, absent: oui_non}
        activites:
          cantine:
            nom: Cantine
            delais:
              - actions: [annuler]
                canaux: [telephone]
                si: {ou: [{rang: {de: 3}}, {absent: oui}]}
                etapes: [{jusqu_a: {forme: semaine, jour: jeudi, semaines_avant: 1, heure: "12:00", limite: exclue}, effet: libre}]
                ensuite: refus
            tarif: {prix: "min(4, 2.5 * rang)", arrondi: {au: 0.01, vers: plus_proche, apres: [total]}}
        """)  # noqa: E501  a rule a line
    cantine = found.activities["cantine"]
    (ladder,) = cantine.ladders.versions[0].rule
    assert spaced(say_condition(ladder.when, found.facts)) == (
        "si le rang est de 3 ou plus ou si la réponse à « absent » est oui"
    )
    limit = "jusqu’au jeudi de la semaine précédente, avant 12 h"
    assert spaced(say_cutoff(ladder.stages[0].until)) == limit
    assert spaced(say_ladder(ladder, "Cantine", found.facts)) == (
        "Si le rang est de 3 ou plus ou si la réponse à « absent » est oui, l’annulation par téléphone "
        f"(Cantine) est possible {limit}. Passé ce délai, elle est refusée."
    )
    assert spaced(say_value(cantine.tariff.versions[0].rule.base, found.facts)) == (
        "2,50 € × « rang », 4,00 € au plus"
    )


def test_a_ladder_said_alone_holds_its_table_of_dates():
    months = range(2, 7)
    dates = ", ".join(f'{{mois: 2027-0{n}, date: 2027-0{n - 1}-20, heure: "12:00"}}' for n in months)
    found = rulebook_of(f"""
        activites:
          cantine:
            nom: Cantine
            delais:
              - actions: [reserver]
                canaux: tous
                etapes:
                  - {{jusqu_a: {{forme: dates, limite: incluse, dates: [{dates}]}}, effet: libre}}
                ensuite: refus
        """)
    (ladder,) = found.activities["cantine"].ladders.versions[0].rule
    said = spaced(say_ladder(ladder, ""))
    assert "Février 2027, Jusqu’au mercredi 20 janvier 2027, à 12 h au plus tard" in said
    assert said.count("2027, Jusqu’au") == 5
