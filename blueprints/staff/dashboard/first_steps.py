"""Mise en route: what is done and what is left before the portal opens to families (S106, S107)."""

from flask import current_app
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer
from blueprints.shared.guards import staff
from blueprints.shared.pages import town
from blueprints.shared.time import today
from blueprints.staff.dashboard import blueprint
from domain.first_steps import Step, TownState, steps
from domain.permissions import Permission
from queries import staff_home
from services import backups, mail_setup

# The screen of each step; backups are made by the machine, the home says how they went.
SCREENS = {
    "settings": "staff_settings.index",
    "identity": "staff_settings.identity",
    "calendar": "staff_calendar.index",
    "mail": "staff_settings.mail_server",
    "facilities": "staff_facilities.index",
    "activities": "staff_facilities.index",
    "rulebook": "staff_rulebook.examples",
    "regie": "staff_billing.regies",
    "families": "staff_family_files.import_families",
    "backups": "staff_dashboard.index",
}


def town_steps() -> tuple[Step, ...]:
    """The steps of the town, as things are now. Four statements beside the settings."""
    found, mail, made = staff_home.set_up(town().school_zone, today()), mail_setup.standing(), backups.state()
    return steps(
        TownState(
            settings=town(),
            has_calendar=found.has_calendar,
            mail_chosen=mail.found.is_chosen,
            mail_arrived=mail.trial is not None and mail.trial.arrived_at is not None,
            facilities=found.facilities,
            activities=found.activities,
            regies=found.regies,
            has_rulebook=found.has_rulebook,
            households=found.households,
            has_backup="proof" in made,
            backup_problem=next((one.problem for one in made.values() if one.problem), ""),
            is_demonstration=current_app.config["DEMO"],
        )
    )


@blueprint.get("/mise-en-route")
@staff(Permission.SETTINGS_MANAGE)
def first_steps() -> Response:
    return answer("staff/dashboard/first_steps.html", steps=town_steps(), screens=SCREENS)
