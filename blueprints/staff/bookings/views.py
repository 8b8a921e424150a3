"""The wizard and the absences at the counter: the steps that parents know, for one household (S116)."""

from flask import url_for
from werkzeug.wrappers import Response

from blueprints.bookings import absences, acting, default_week, receipts, wizard  # noqa: F401  their steps register themselves
from blueprints.bookings.wizard_forms import CounterForm
from blueprints.shared.answers import done
from blueprints.shared.guards import staff
from blueprints.shared.time import now
from blueprints.staff.bookings import blueprint
from blueprints.staff.families.fields import remember_channel
from domain.errors import Refused
from domain.permissions import Permission
from services import booking_drafts

acting.register(blueprint, staff(Permission.BOOKINGS_MAKE))


@blueprint.post("/reservations/<key>/motif")
@staff(Permission.BOOKINGS_MAKE)
def pass_limits(key: str) -> Response:
    """From the recap: how the family asked, and why the agent passes a rule."""
    form = CounterForm()
    if not form.validate():
        raise Refused("bad_form", next(iter(form.errors.values()))[0])
    remember_channel(form.channel.data)
    author = acting.acting().author
    booking_drafts.pass_limits(author, key, form.channel.data, form.override_reason.data, now())
    return done(url_for(".recap", key=key), "C’est noté. Relisez la réponse à chaque jour, puis validez.")
