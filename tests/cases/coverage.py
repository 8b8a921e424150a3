"""Writes docs/reglements-couverts.md from the cases: `python -m tests.cases.coverage`.

An example counts when every question named after it (« exemple 2 », in any reading) answers as expected.
"""

import re
from collections import defaultdict
from pathlib import Path

import rulebook_cli
from domain.rulebook import expectations, questions

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "reglements-couverts.md"
PRIMITIVES = {
    "P1": r"\bcompte: \{base",
    "P2": r"\bjusqu_a:",
    "P3": r"\bdelais:",
    "P4": r"\btable:",
    "P5": r"\b(taux|courbe): ",
    "P6": r"^quotient:",
    "P7": r"\b(tranches|creneaux|quantite):",
    "P8": r"\bajustements:",
    "P9": r"^cumuls:",
    "P10": r"\bcomptes:",
    "P11": r"\b(retard|depassement)\w*",
    "P12": r"\babsences:",
    "P13": r"\binscription:",
    "P14": r"^facturation:",
    "P15": r"\bversions:",
    "P16": r"\barrondi: \{",
    "noms": r"^(montants|conditions|dates):",
}
HEAD = """# Règlements réels couverts

Écrit par `python -m tests.cases.coverage` depuis `tests/cases/` ; ne pas corriger à la main.

Chaque ligne est un règlement réel écrit au format de `docs/reglement-format.md`, sans code particulier.
« noms » : des montants, conditions ou dates nommés. Un texte ambigu peut avoir plusieurs fichiers, un par
lecture ; la colonne « remarques » compte les points que le texte laisse ouverts, écrits en tête du fichier.
Quand l’extrait public ne donne pas un montant, il est un fait à donner, jamais une invention.

| cas | primitives | lectures | exemples réussis | questions | remarques |
|---|---|---|---|---|---|
"""


def primitives_of(text):
    return [name for name, pattern in PRIMITIVES.items() if re.search(pattern, text, re.MULTILINE)]


def examine(path):
    """Of one reading: primitives, remarks, examples of the source, example -> passed, questions."""
    rulebook_path = path.with_name(path.name.replace(".scenario.", ".reglement."))
    book = rulebook_cli.require_rulebook(rulebook_path)
    scenario = rulebook_cli.open_scenario(path, book)
    passed = {}
    for question in scenario.questions:
        good = not expectations.differences(questions.answer(book, question))
        numbered = re.match(r"exemple (\d+)", question.name)
        if numbered:
            passed[int(numbered[1])] = good and passed.get(int(numbered[1]), True)
    primitives = primitives_of(rulebook_path.read_text(encoding="utf-8"))
    return primitives, len(book.identity.remarks), scenario.examples, passed, len(scenario.questions)


def page():
    """The whole text of the page."""
    cases = defaultdict(list)
    for path in sorted(HERE.glob("*.scenario.yaml")):
        cases[path.name.split(".")[0].split("--")[0]].append(examine(path))
    rows, total, done = [], 0, 0
    for name, readings in cases.items():
        primitives = [one for one in PRIMITIVES if any(one in reading[0] for reading in readings)]
        remarks, examples = max(reading[1] for reading in readings), readings[0][2]
        numbers = {number for reading in readings for number in reading[3]}
        good = {n for n in numbers if all(reading[3].get(n, True) for reading in readings)}
        asked = sum(reading[4] for reading in readings)
        total, done = total + examples, done + len(good)
        said = " ".join(primitives)
        rows.append(f"| {name} | {said} | {len(readings)} | {len(good)}/{examples} | {asked} | {remarks} |")
    foot = f"\n{len(cases)} règlements, {done} exemples réussis sur {total}.\n"
    return HEAD + "\n".join(rows) + "\n" + foot


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
