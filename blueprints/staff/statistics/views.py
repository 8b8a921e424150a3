"""Booked and attended hours by nature, age, scheme and quotient: the page, who is behind it, its files."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import request
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer
from blueprints.shared.converters import row_number
from blueprints.shared.guards import staff
from blueprints.shared.time import today
from blueprints.staff.family_files.exports import sent
from blueprints.staff.statistics import blueprint
from domain.caf_statement import (
    AGE_NAMES,
    FUND_NAMES,
    NATURE_NAMES,
    REASON_WORDS,
    Brackets,
    Key,
    Reason,
    age_slug,
    fund_slug,
    read_brackets,
)
from domain.errors import NotFound, Refused
from domain.permissions import Permission
from domain.reporting_periods import ReportingPeriod, offered_periods, read_period
from queries import caf_statement as queries
from queries.caf_statement import Asked, Place
from services import caf_exports
from services.printed_meal_counts import ListKind

READ = Permission.STATISTICS_READ
TIMES = {"ecole": False, "vacances": True}
NOTHING: Mapping[str, object] = {}
MOST_DAYS = 3000  # of children, told one by one


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the form holds; `refusal` says what is wrong with the brackets, `typed`."""

    places: tuple[Place, ...]
    chosen: frozenset[int]
    period: ReportingPeriod
    time: str
    brackets: Brackets
    typed: str
    refusal: str = ""

    @property
    def asked(self) -> Asked:
        ids = tuple(one.facility_id for one in self.kept)
        return Asked(ids, self.period.first, self.period.last, TIMES.get(self.time), self.brackets)

    def address(self, line: Mapping[str, object] = NOTHING) -> dict[str, object]:
        """The query of the same choice, and of one of its lines."""
        chosen = {"structure": sorted(self.chosen), "periode": self.period.slug}
        return chosen | {"temps": self.time or None, "tranches": self.typed} | line

    @property
    def kept(self) -> list[Place]:
        """The chosen structures; all of them where none is."""
        return [one for one in self.places if not self.chosen or one.facility_id in self.chosen]


@blueprint.get("")
@staff(READ)
def index() -> Response:
    """The figures to type in the declaration, and what they leave out."""
    wanted = _wanted()
    found = queries.counted(wanted.asked, today())
    return answer(
        "staff/statistics/index.html",
        status=422 if wanted.refusal else 200,
        wanted=wanted,
        periods=offered_periods(today()),
        found=found,
        sheet=caf_exports.sheet(found.statement, wanted.brackets),
        reasons=REASON_WORDS,
        Reason=Reason,
    )


@blueprint.get("/enfants")
@staff(READ)
def children() -> Response:
    """The children and the days behind a figure."""
    wanted = _wanted()
    found = queries.counted(wanted.asked, today())
    lines = [line for line in found.statement.lines if _is_asked(line.key)]
    return answer(
        "staff/statistics/children.html",
        wanted=wanted,
        people=caf_exports.people(lines, found),
        tells_days=len(lines) <= MOST_DAYS,
        title=_title(wanted.brackets),
    )


@blueprint.get("/fichier.<any(xlsx, pdf):kind>")
@staff(READ)
def file(kind: str) -> Response:
    """The same figures to keep with the declaration."""
    wanted = _wanted()
    found = queries.counted(wanted.asked, today())
    names = [one.name for one in wanted.kept]
    made = caf_exports.download(ListKind(kind), found, wanted.brackets, wanted.period, names, today())
    return sent(made)


def _wanted() -> Wanted:
    """This month in all the structures of the agent, unless told otherwise. Raises NotFound for another
    structure or an unknown period."""
    places = queries.places(current_user.facility_ids)
    chosen = frozenset(request.args.getlist("structure", type=row_number))
    period = read_period(request.args.get("periode") or f"{today():%Y-%m}")
    if period is None or not chosen <= {one.facility_id for one in places}:
        raise NotFound
    time = request.args.get("temps", "")
    typed = request.args.get("tranches", "")[:200]
    try:
        brackets = read_brackets(typed) if typed.strip() else queries.town_brackets(period.last)
    except Refused as refusal:
        return Wanted(places, chosen, period, time, Brackets(), typed, refusal.message)
    return Wanted(places, chosen, period, time if time in TIMES else "", brackets, typed)


def _is_asked(key: Key) -> bool:
    """Whether a line is one of those that the address names; what it does not name is not looked at."""
    asked = request.args
    return (
        asked.get("nature", key.nature) == key.nature
        and asked.get("age", age_slug(key.is_older)) == age_slug(key.is_older)
        and asked.get("regime", fund_slug(key.fund)) == fund_slug(key.fund)
        and asked.get("tranche", key.bracket, type=row_number) == key.bracket
    )


def _title(brackets: Brackets) -> str:
    """What the figure counts, in words."""
    asked = request.args
    natures = {one.value: name for one, name in NATURE_NAMES.items()}
    funds = {fund_slug(fund): name for fund, name in FUND_NAMES.items()}
    ages = {age_slug(is_older): name for is_older, name in AGE_NAMES.items()}
    words = [natures.get(asked.get("nature", "")), ages.get(asked.get("age", ""))]
    words.append(funds.get(asked.get("regime", "")))
    rank = asked.get("tranche", type=row_number)
    if rank in brackets.ranks:
        words.append(f"quotient {brackets.name(rank)}" if rank >= 0 else brackets.name(rank))
    return ", ".join(word for word in words if word) or "Tous les enfants"
