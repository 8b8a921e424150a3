"""`./portail reglement`: check a rulebook, show its limits day by day, answer a scenario."""

import json
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import click

from adapters import rulebook_files
from domain.errors import BusinessError
from domain.french import format_day
from domain.rulebook import expectations, plain_data, questions, rulebook, scenario
from domain.rulebook.ladders import ACTIONS, ANY_CHANNEL, limits, said_stage
from domain.rulebook.rulebook import Activity, Rulebook
from domain.rulebook.scenario import Result
from domain.rulebook.trace import Trace
from domain.rulebook.tree import Faults

_MOST_DAYS = 800
_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_json = click.option("--json", "as_json", is_flag=True, help="Réponse en JSON.")


@click.group("reglement")
def group() -> None:
    """Vérifie un règlement, montre ses limites, répond à un scénario."""


@group.command("verifier")
@click.argument("fichier", type=_file)
def check(fichier: Path) -> None:
    """Dit tout ce qui est faux ou laissé ouvert dans FICHIER."""
    book, faults = open_rulebook(fichier)
    for fault in faults:
        click.echo(f"{fichier.name} : {fault}")
    if book is None:
        raise click.ClickException(f"{len(faults.errors)} erreur(s) : ce règlement n’est pas utilisable.")
    click.echo(
        f"{book.identity.name} : règlement correct, {len(book.activities)} activité(s), "
        f"{len(faults.warnings)} avertissement(s)."
    )
    for remark in book.identity.remarks:
        click.echo(f"  remarque : {remark}")


@group.command("calendrier")
@click.argument("fichier", type=_file)
@click.option("--activite", required=True, help="Nom de l’activité dans le fichier.")
@click.option("--du", "first", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Premier jour.")
@click.option("--au", "last", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Dernier jour.")
@_json
def show_calendar(fichier: Path, activite: str, first: Any, last: Any, as_json: bool) -> None:
    """Montre, pour chaque jour de l’activité, les limites de chaque action."""
    book = require_rulebook(fichier)
    if activite not in book.activities:
        raise click.ClickException(f"Activité inconnue ; activités : {', '.join(book.activities)}.")
    if not 0 <= (last - first).days <= _MOST_DAYS:
        raise click.ClickException(
            f"Le calendrier va d’un jour au même ou à un suivant, {_MOST_DAYS} jours au plus."
        )
    activity = book.activities[activite]
    days = [first.date() + timedelta(days=offset) for offset in range((last - first).days + 1)]
    rows = [
        _day_row(book, activity, day) for day in days if activity.opening is None or day in activity.opening
    ]
    click.echo(json.dumps(rows, ensure_ascii=False, indent=1) if as_json else "\n".join(map(_row_text, rows)))


@group.command("simuler")
@click.argument("fichier", type=_file)
@click.argument("scenario_", metavar="SCENARIO", type=_file)
@_json
def simulate(fichier: Path, scenario_: Path, as_json: bool) -> None:
    """Répond aux questions de SCENARIO selon FICHIER, avec les explications.

    Sort en erreur si une réponse diffère de ce que le scénario attend.
    """
    book = require_rulebook(fichier)
    results = questions.answer_all(book, open_scenario(scenario_, book))
    if as_json:
        click.echo(json.dumps([_result_data(one) for one in results], ensure_ascii=False, indent=1))
    else:
        click.echo("\n\n".join(_result_text(one) for one in results))
    if any(expectations.differences(one) for one in results):
        sys.exit(1)


def open_rulebook(path: Path) -> tuple[Rulebook | None, Faults]:
    """The rulebook of a file (None if it is not usable) and all its faults."""
    root, faults = rulebook_files.load(path)
    return (None if root is None else rulebook.read(root, rulebook_files, faults)), faults


def require_rulebook(path: Path) -> Rulebook:
    book, faults = open_rulebook(path)
    if book is None:
        raise click.ClickException("\n".join(f"{path.name} : {fault}" for fault in faults.errors))
    return book


def open_scenario(path: Path, book: Rulebook) -> scenario.Scenario:
    root, faults = rulebook_files.load(path)
    found = None if root is None else scenario.read(root, book, faults)
    if found is None:
        raise click.ClickException("\n".join(f"{path.name} : {fault}" for fault in faults.errors))
    return found


def _day_row(book: Rulebook, activity: Activity, day: date) -> dict[str, Any]:
    """One service day: for each ladder that could apply, its stages with their limits."""
    rules = []
    versions = () if activity.ladders is None else activity.ladders.versions
    for version in versions:
        for ladder in version.rule:
            rules += [
                _ladder_row(book, activity, version.name, ladder, action, day) for action in ladder.actions
            ]
    return {"jour": day.isoformat(), "en_clair": format_day(day, year=True), "delais": rules}


def _ladder_row(
    book: Rulebook, activity: Activity, version: str, ladder: Any, action: str, day: date
) -> dict:
    context = book.context({"action": action}, day=day, trace=Trace())
    row = {"version": version, "action": action, "canaux": list(ladder.channels), "etapes": []}
    try:
        found = limits(ladder, context, activity.opening)
    except BusinessError as error:
        return {**row, "probleme": error.message}
    row["etapes"] = [
        {
            "a_partir_de": None if one.since is None else plain_data.moment_text(one.since),
            "jusqu_a": plain_data.moment_text(one.limit),
            "en_clair": said_stage(one),
            "effet": one.stage.answer.outcome.value,
            "sous_condition": not one.certain,
        }
        for one in found
    ]
    return {**row, "ensuite": ladder.otherwise.outcome.value}


def _row_text(row: dict[str, Any]) -> str:
    lines = [row["en_clair"]]
    for rule in sorted(row["delais"], key=lambda rule: ACTIONS.index(rule["action"])):
        by = "" if rule["canaux"] == [ANY_CHANNEL] else f" ({', '.join(rule['canaux'])})"
        version = f" [{rule['version']}]" if rule["version"] else ""
        if "probleme" in rule:
            said = rule["probleme"]
        else:
            stages = [
                f"{one['effet']} {one['en_clair']}" + (" (sous condition)" if one["sous_condition"] else "")
                for one in rule["etapes"]
            ]
            said = " ; ".join([*stages, f"ensuite {rule['ensuite']}"])
        lines.append(f"  {rule['action']}{by}{version} : {said}")
    return "\n".join(lines)


def _result_data(result: Result) -> dict[str, Any]:
    return {
        "nom": result.question.name,
        "question": result.question.kind,
        "reponse": plain_data.plain(result.answer),
        "fait_manquant": result.missing_fact or None,
        "probleme": result.problem or None,
        "explication": [
            {
                "regle": step.rule,
                "version": step.version,
                "texte": step.text,
                "entrees": {name: plain_data.plain(value) for name, value in step.inputs},
                "resultat": plain_data.plain(step.result),
            }
            for step in result.trace.steps
        ],
        "ecarts": expectations.differences(result),
    }


def _result_text(result: Result) -> str:
    lines = [f"{result.question.name}"]
    if result.question.reading:
        lines.append(f"  lecture : {result.question.reading}")
    if result.problem:
        lines.append(f"  pas de réponse : {result.problem}")
    for word, value in plain_data.plain(result.answer).items():
        lines.append(f"  {word} : {_value_text(value)}")
    lines += [
        f"    – {step.text} [{step.rule}{', ' + step.version if step.version else ''}]"
        for step in result.trace.steps
    ]
    lines += [f"  ÉCART : {one}" for one in expectations.differences(result)]
    return "\n".join(lines)


def _value_text(value: Any) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    return (
        "–"
        if value is None
        else json.dumps(value, ensure_ascii=False)
        if not isinstance(value, str)
        else value
    )
