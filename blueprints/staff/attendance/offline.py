"""Marks made on a phone without a network (R31): the phone sends them, an agent decides where two differ."""

import json
import re
from datetime import datetime
from typing import Any

from flask import abort, jsonify, request
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from blueprints.shared.answers import done
from blueprints.shared.converters import row_number
from blueprints.shared.guards import staff
from blueprints.shared.time import now
from blueprints.staff.attendance import blueprint
from blueprints.staff.attendance.addresses import agent, list_address, roll_of
from domain.enums import AttendanceMark, OfflineState
from domain.offline_marks import from_microseconds
from domain.permissions import Permission
from queries import offline_marks as offline_queries
from services import offline_marks
from services.offline_marks import Gesture, Outcome, Phone

_KEY = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MICROSECONDS = 1000  # in one of the milliseconds that a phone counts
_STATES = {OfflineState.REFUSED: "refuse", OfflineState.CONFLICT: "a-regler"}


@blueprint.get("/reprise")
@staff(Permission.ATTENDANCE_MARK)
def resume() -> Response:
    """For a phone that is back: who is signed in, and what its next form must hold."""
    return jsonify(agent=str(current_user.user_id), jeton=generate_csrf())


@blueprint.post("/<int:activity_id>/<day>/hors-ligne")
@staff(Permission.ATTENDANCE_MARK)
def receive(activity_id: int, day: str) -> Response:
    """The marks of a list that a phone kept, in their order; what became of each."""
    roll = roll_of(activity_id, day)
    try:
        phone = Phone(_key(request.form["appareil"]), _clock(request.form["heure"]))
        gestures = [_gesture(one) for one in json.loads(request.form["pointages"])]
    except (KeyError, TypeError, ValueError, OverflowError):
        abort(400)
    outcomes = offline_marks.receive(agent(), roll, phone, gestures, now())
    names = offline_queries.names_of([one.child_id for one in outcomes if one.is_kept])
    return jsonify([_answer(one, names) for one in outcomes])


@blueprint.post("/<int:activity_id>/<day>/ecarts/<int:offline_id>")
@staff(Permission.ATTENDANCE_MARK)
def settle(activity_id: int, day: str, offline_id: int) -> Response:
    """« Garder : présent », « Garder : absent », or « J’ai vu » of what cannot be marked any more."""
    roll, kept = roll_of(activity_id, day), request.form.get("garder", "")
    if kept in set(AttendanceMark):
        offline_marks.settle(agent(), roll, offline_id, AttendanceMark(kept), now())
        return done(list_address(roll), "Le pointage est réglé.")
    offline_marks.acknowledge(agent(), roll, offline_id, now())
    return done(list_address(roll))


def _answer(outcome: Outcome, names: dict[int, str]) -> dict[str, Any]:
    return {
        "cle": outcome.key,
        "enfant": names.get(outcome.child_id, ""),
        "etat": _STATES.get(outcome.state, "enregistre"),
        "raison": outcome.reason,
        "garde": outcome.is_kept,
    }


# --- What a phone says: anything else than what our page writes is a ValueError -----------------------------


def _gesture(told: Any) -> Gesture:
    mark, _, moment = str(told["vu"]).partition(":")
    seen = (AttendanceMark(mark), from_microseconds(int(moment))) if mark else (None, None)
    return Gesture(
        _key(told["cle"]),
        row_number(str(told["enfant"])),
        AttendanceMark(told["marque"]),
        _clock(told["heure"]),
        *seen,
    )


def _key(text: Any) -> str:
    if not _KEY.fullmatch(str(text)):
        raise ValueError("No key of a phone.")
    return str(text)


def _clock(milliseconds: Any) -> datetime:
    return from_microseconds(int(milliseconds) * _MICROSECONDS)
