"""The places of a period with wishes: simulated as often as wanted, given once, calculated again (R17)."""

from flask import request, url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.converters import row_number
from blueprints.shared.guards import staff
from blueprints.shared.time import now
from blueprints.staff.acts import author, author_name
from blueprints.staff.facilities import blueprint
from domain.errors import NotFound, Refused
from domain.french import plural
from domain.permissions import Permission
from queries import allotments as allotment_queries
from services import allotments

ALLOT = Permission.PLACES_ALLOT


def _period(period_id: int) -> allotment_queries.Period:
    """A period whose places are allotted. Raises NotFound for another one."""
    found = allotment_queries.period(period_id)
    if not found.allots:
        raise NotFound
    return found


@blueprint.get("/periodes/<int:period_id>/attribution")
@staff(ALLOT)
def allotment(period_id: int) -> Response:
    """What is wished for, or what was given; with `jour` in the address, one day rank by rank."""
    return _overview(_period(period_id))


def _overview(period: allotment_queries.Period, refusal: str = "") -> Response:
    is_made = bool(allotment_queries.made(period.id))
    wishes, families = allotment_queries.wish_counts(period.id)
    board = allotment_queries.result(period.id) if is_made else None
    return answer(
        "staff/facilities/allotment.html",
        status=422 if refusal else 200,
        period=period,
        made=allotment_queries.made(period.id),
        board=board,
        days=() if is_made else allotment_queries.wished_days(period.id, now()),
        wishes=wishes,
        families=families,
        may_allot=allotments.may_begin(period.window, now()),
        refusal=refusal,
        seed=allotments.new_seed(),
        now=now(),
        **_shown("staff_facilities.allotment", period, board),
    )


@blueprint.get("/periodes/<int:period_id>/attribution/simulation")
@staff(ALLOT)
def simulate_allotment(period_id: int) -> Response:
    """Who would get what with the draw of the address; nothing is written."""
    period = _period(period_id)
    seed = " ".join(request.args.get("tirage", "").split())[:40] or allotments.new_seed()
    board = allotment_queries.simulation(period_id, seed, now())
    return answer(
        "staff/facilities/allotment_simulation.html",
        period=period,
        board=board,
        seed=seed,
        **_shown("staff_facilities.simulate_allotment", period, board, tirage=seed),
    )


def _shown(
    endpoint: str, period: allotment_queries.Period, board: allotment_queries.Board | None, **kept: str
) -> dict:
    """The day and the page of families of the address, and how to reach the others."""
    opening_id = request.args.get("jour", type=row_number)
    day, lines = board.of_day(opening_id) if board and opening_id else (None, ())
    return {
        "day": day,
        "lines": lines,
        "number": request.args.get("page", 1, type=row_number),
        "endpoint": endpoint,
        "kept": {"period_id": period.id} | kept,
    }


@blueprint.post("/periodes/<int:period_id>/attribution/attribuer")
@staff(ALLOT)
def make_allotment(period_id: int) -> Response:
    period = _period(period_id)
    try:
        families = allotments.allot(
            period_id, allotments.new_seed(), author=author(), author_name=author_name(), now=now()
        )
    except Refused as refusal:
        return _overview(period, refusal.message)
    told = plural(families, "famille a sa réponse", "familles ont leur réponse")
    return done(
        url_for("staff_facilities.allotment", period_id=period_id), f"Les places sont attribuées. {told}."
    )


@blueprint.get("/periodes/<int:period_id>/attribution/rejeu")
@staff(ALLOT)
def replay_allotment(period_id: int) -> Response:
    """The allotment calculated again from what it kept. 404 before it is made."""
    period = _period(period_id)
    made = allotment_queries.made(period_id)
    if not made:
        raise NotFound
    replay = allotment_queries.replay(period_id)
    return answer("staff/facilities/allotment_replay.html", period=period, made=made, replay=replay)
