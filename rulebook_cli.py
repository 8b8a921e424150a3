"""`./portail reglement`: check a rulebook, show its limits and prices, compare two, answer a scenario."""

import json
import sys
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from adapters import rulebook_files
from domain.errors import BusinessError
from domain.rulebook import expectations, plain_data, questions, reports, rulebook, scenario
from domain.rulebook.comparison import Side, compare
from domain.rulebook.limits_calendar import limits_calendar
from domain.rulebook.price_grid import price_grid
from domain.rulebook.rulebook import Rulebook
from domain.rulebook.scenario import Result
from domain.rulebook.schema import Reader
from domain.rulebook.tree import Faults, Node
from domain.rulebook.wording.legal_text import legal_text, lexicon_of
from domain.rulebook.wording.plain_text import text_data, text_lines

_MOST_DAYS = 800


class _File(click.ParamType):
    """A file that exists; said in French otherwise."""

    name = "fichier"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(value)
        if not path.is_file():
            raise click.ClickException(f"Le fichier {path} n’existe pas.")
        return path


class _Day(click.ParamType):
    """A day written 2026-09-01."""

    name = "AAAA-MM-JJ"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            return datetime.strptime(value, "%Y-%m-%d")  # noqa: DTZ007  a day, not a moment
        except ValueError:
            raise click.ClickException(
                f"{value} n’est pas une date ; écrivez par exemple 2026-09-01."
            ) from None


class _Command(click.Command):
    """A command whose misuse is told in French."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.MissingParameter as missing:
            what = missing.param.metavar or missing.param.opts[0] if missing.param else "un argument"
            said = f"Il manque {what.upper() if not what.startswith('-') else what}."
        except click.UsageError:
            said = "Cette commande est mal écrite."
        raise click.ClickException(f"{said} Aide : ./portail reglement {ctx.info_name} --help")


_file = _File()
_json = click.option("--json", "as_json", is_flag=True, help="Réponse en JSON.")
_day = _Day()
_activity = click.option("--activite", required=True, help="Nom de l’activité dans le fichier.")
_first = click.option("--du", "first", required=True, type=_day, help="Premier jour.")
_last = click.option("--au", "last", required=True, type=_day, help="Dernier jour.")
_facts = click.option("--fait", multiple=True, help="Un fait déjà connu, par exemple residence=commune.")


@click.group("reglement")
def group() -> None:
    """Vérifie un règlement, montre ses limites et ses prix, en compare deux, répond à un scénario."""


group.command_class = _Command


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
@_activity
@_first
@_last
@_json
def show_calendar(fichier: Path, activite: str, first: Any, last: Any, as_json: bool) -> None:
    """Montre, pour chaque jour de l’activité, les limites de chaque action."""
    book = require_rulebook(fichier)
    _require_activity(activite, book)
    _require_span(first, last)
    opening = book.activities[activite].opening
    days = [day for day in _span(first, last) if opening is None or day in opening]
    lexicon = lexicon_of(book)
    rows = reports.calendar_data(days, limits_calendar(book, activite, days), lexicon)
    _show(rows, reports.calendar_lines(rows), as_json)


@group.command("grille")
@click.argument("fichier", type=_file)
@_activity
@click.option("--jour", type=_day, help="Jour du service ; sans lui, chaque version du tarif.")
@_facts
@_json
def show_grid(fichier: Path, activite: str, jour: Any, fait: tuple[str, ...], as_json: bool) -> None:
    """Montre les prix à chaque borne de quotient, un centime autour, et pour un à quatre enfants."""
    book = require_rulebook(fichier)
    _require_activity(activite, book)
    try:
        day, facts = None if jour is None else jour.date(), _given_facts(fait, book)
        grid = price_grid(book, activite, day=day, facts=facts)
    except BusinessError as error:
        raise click.ClickException(error.message) from None
    lexicon = lexicon_of(book)
    _show(reports.grid_data(grid, lexicon), reports.grid_lines(grid, lexicon), as_json)


@group.command("comparer")
@click.argument("ancien", type=_file)
@click.argument("nouveau", type=_file)
@_first
@_last
@_facts
@_json
def show_comparison(
    ancien: Path, nouveau: Path, first: Any, last: Any, fait: tuple[str, ...], as_json: bool
) -> None:
    """Dit ce qui change de ANCIEN à NOUVEAU : les règles, et pour qui, entre deux dates."""
    _require_span(first, last)
    old, new = _side(ancien), _side(nouveau)
    found = compare(old, new, _span(first, last), facts=_given_facts(fait, new.book))
    lexicon = lexicon_of(new.book)
    _show(reports.comparison_data(found, lexicon), reports.comparison_lines(found, lexicon), as_json)


@group.command("texte")
@click.argument("fichier", type=_file)
@_json
def show_text(fichier: Path, as_json: bool) -> None:
    """Écrit FICHIER en français, phrase par phrase ; chaque phrase nomme la règle qu’elle dit."""
    sections = legal_text(require_rulebook(fichier))
    _show(text_data(sections), text_lines(sections), as_json)


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
        raise _faulty(path, faults)
    return book


def _faulty(path: Path, faults: Faults) -> click.ClickException:
    return click.ClickException("\n".join(f"{path.name} : {fault}" for fault in faults.errors))


def open_scenario(path: Path, book: Rulebook) -> scenario.Scenario:
    root, faults = rulebook_files.load(path)
    found = None if root is None else scenario.read(root, book, faults)
    if found is None:
        raise _faulty(path, faults)
    return found


def _side(path: Path) -> Side:
    root, faults = rulebook_files.load(path)
    book = None if root is None else rulebook.read(root, rulebook_files, faults)
    if root is None or book is None:
        raise _faulty(path, faults)
    return Side(root, book)


def _require_activity(name: str, book: Rulebook) -> None:
    if name not in book.activities:
        raise click.ClickException(f"Activité inconnue ; activités : {', '.join(book.activities)}.")


def _require_span(first: Any, last: Any) -> None:
    if not 0 <= (last - first).days <= _MOST_DAYS:
        raise click.ClickException(
            f"Le calendrier va d’un jour au même ou à un suivant, {_MOST_DAYS} jours au plus."
        )


def _span(first: Any, last: Any) -> list[date]:
    return [first.date() + timedelta(days=offset) for offset in range((last - first).days + 1)]


def _given_facts(pairs: tuple[str, ...], book: Rulebook) -> dict[str, Any]:
    """The facts of « nom=valeur », each read by its declared type."""
    words = dict(pair.split("=", 1) if "=" in pair else (pair, "") for pair in pairs)
    reader = Reader()
    node = Node({name: Node(value, 0, name) for name, value in words.items()}, 0)
    facts = reader.read(scenario.facts_spec(book), node)
    if reader.faults.errors:
        said = [f"--fait {fault.path} : {fault.message}" for fault in reader.faults.errors]
        raise click.ClickException("\n".join(said))
    return facts


def _show(data: Any, lines: Iterable[str], as_json: bool) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, indent=1) if as_json else "\n".join(lines))


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
