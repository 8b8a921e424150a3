"""Réglages: every setting in its group, with what is still to be done there (S106)."""

from flask import request
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer
from blueprints.shared.guards import staff
from blueprints.shared.time import now
from blueprints.staff import settings_room
from blueprints.staff.dashboard.first_steps import town_steps
from blueprints.staff.settings import blueprint
from domain.first_steps import Step
from domain.french import enumerate_fr, plural
from domain.permissions import Permission
from queries import legal, staff_home

LONGEST_SEARCH = 100

blueprint.add_app_template_global(settings_room.here, "settings_group")


@blueprint.get("/tous")
@staff(Permission.SETTINGS_MANAGE)
def room() -> Response:
    """All of them, or those that hold the words typed."""
    typed = request.args.get("q", "").strip()[:LONGEST_SEARCH]
    groups, steps = settings_room.groups(), town_steps()
    return answer(
        "staff/settings/room.html",
        typed=typed,
        groups=settings_room.search(groups, typed),
        todo=_to_do(groups, steps),
        left=sum(not step.is_done for step in steps),
        steps=len(steps),
    )


def _to_do(
    groups: tuple[settings_room.SettingGroup, ...], steps: tuple[Step, ...]
) -> dict[str, tuple[str, ...]]:
    """Endpoint → what is to be done on that page, in sentences."""
    left = {step.key: step.sentence for step in steps if not step.is_done}
    found = {
        page.endpoint: tuple(left[key] for key in page.steps if key in left)
        for group in groups
        for page in group.pages
    }
    return {**found, "staff_settings.legal_texts": _legal(), "staff_mails.index": _mails()}


def _legal() -> tuple[str, ...]:
    missing = legal.texts().missing
    return (f"Il manque {enumerate_fr(missing)}.",) if missing else ()


def _mails() -> tuple[str, ...]:
    if not current_user.may(Permission.MAILS_READ):
        return ()
    troubles = staff_home.mail_troubles(now())
    said = (
        (troubles.late, "mail en retard", "mails en retard"),
        (troubles.lost, "mail jamais arrivé depuis 30 jours", "mails jamais arrivés depuis 30 jours"),
    )
    return tuple(f"{plural(count, one, many)}." for count, one, many in said if count)
