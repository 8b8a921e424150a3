"""What an adult chooses on « Mon compte »: the address of its calendar, the reminders (R24, R25)."""

from flask import current_app, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import BooleanField

from blueprints.household import blueprint
from blueprints.shared.answers import answer, done
from blueprints.shared.guards import parent
from blueprints.shared.time import now
from services import booking_reminders, calendar_feeds, opt_outs


class RemindersForm(FlaskForm):
    wants_reminders = BooleanField("Recevoir les rappels")


class AnnouncementsForm(FlaskForm):
    wants_announcements = BooleanField("Recevoir les annonces")


@blueprint.post("/mon-compte/agenda")
@parent
def make_feed() -> Response:
    """The new address is in this answer and nowhere else: no address leads back to it."""
    token = calendar_feeds.make(current_user.user_id, now())
    path = url_for("public.feed", token=token)
    return answer("household/feed.html", address=current_app.config["PUBLIC_URL"] + path)


@blueprint.post("/mon-compte/agenda/supprimer")
@parent
def remove_feed() -> Response:
    calendar_feeds.remove(current_user.user_id, now())
    return done(
        url_for("household.account", _anchor="agenda"),
        "L’adresse est supprimée\u00a0: votre agenda ne recevra plus rien du portail.",
    )


@blueprint.post("/mon-compte/rappels")
@parent
def reminders() -> Response:
    wants = RemindersForm().wants_reminders.data
    booking_reminders.choose(current_user.user_id, wants, now())
    said = "Vous recevrez un rappel" if wants else "Vous ne recevrez plus de rappel"
    return done(url_for("household.account", _anchor="rappels"), f"{said} avant la limite de réservation.")


@blueprint.post("/mon-compte/annonces")
@parent
def announcements() -> Response:
    """Whether the mails that the service sends to many families are wanted (R52)."""
    wants = AnnouncementsForm().wants_announcements.data
    opt_outs.choose(current_user.user_id, wants, now())
    said = "Vous recevrez" if wants else "Vous ne recevrez plus"
    return done(url_for("household.account", _anchor="annonces-titre"), f"{said} les annonces du service.")
