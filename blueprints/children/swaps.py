"""A swap of days with the other household of a child: proposed, read, answered (R02)."""

import secrets

from flask import url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import HiddenField
from wtforms.validators import InputRequired, Length

from blueprints.children import blueprint
from blueprints.shared.answers import answer, done
from blueprints.shared.fields import PlainDateField
from blueprints.shared.guards import parent
from blueprints.shared.time import now, today
from domain.errors import NotFound, Refused
from queries import custody, custody_swaps, family
from services import custody_swaps as swaps
from services.custody_swaps import Parent, Span

# Under which field a refusal of the service is shown; the first day given answers for all that is not here.
_PLACES = {"not_theirs": "taken_first"}


class SwapForm(FlaskForm):
    """`sending` names the sending: sent twice, it is one proposal."""

    sending = HiddenField(validators=[InputRequired(), Length(min=20, max=64)])
    given_first = PlainDateField("Du", [InputRequired("Indiquez le premier jour que vous donnez.")])
    given_last = PlainDateField("Au", [InputRequired("Indiquez le dernier jour que vous donnez.")])
    taken_first = PlainDateField("Du")
    taken_last = PlainDateField("Au")

    def validate(self, extra_validators: object = None) -> bool:
        is_right = super().validate(extra_validators)
        if is_right and bool(self.taken_first.data) != bool(self.taken_last.data):
            missing = self.taken_last if self.taken_first.data else self.taken_first
            missing.errors = ["Indiquez le premier et le dernier jour, ou aucun des deux."]
            return False
        return is_right

    @property
    def given(self) -> Span:
        return Span(self.given_first.data, self.given_last.data)

    @property
    def taken(self) -> Span | None:
        return Span(self.taken_first.data, self.taken_last.data) if self.taken_first.data else None

    def show_refusal(self, refusal: Refused) -> None:
        place = self[_PLACES.get(refusal.code, "given_first")]
        place.errors = [*place.errors, refusal.message]


def _parent() -> Parent:
    return Parent(current_user.user_id, current_user.display_name, current_user.household_ids)


@blueprint.route("/<int:child_id>/echanges/nouveau", methods=["GET", "POST"])
@parent
def propose_swap(child_id: int) -> Response:
    """Days that go to the other household, and perhaps days in return."""
    name, _ = family.child_and_home(current_user.household_ids, child_id)
    stays = custody.family_stays(child_id, current_user.household_ids, today())
    if not any(stay.is_ours for stay in stays):
        raise NotFound
    form = SwapForm(sending=secrets.token_urlsafe(24))
    if form.validate_on_submit():
        try:
            swap_id = swaps.propose(_parent(), child_id, form.given, form.taken, form.sending.data, now())
        except Refused as refusal:
            form.show_refusal(refusal)
        else:
            return done(
                url_for("children.swap", swap_id=swap_id),
                "Votre proposition est partie\u00a0: l’autre foyer la reçoit par mail.",
            )
    return answer(
        "children/propose_swap.html",
        status=422 if form.errors else 200,
        form=form,
        child_id=child_id,
        name=name,
        stays=stays,
    )


@blueprint.get("/echanges/<int:swap_id>")
@parent
def swap(swap_id: int) -> Response:
    found = custody_swaps.page(swap_id, current_user.household_ids)
    return answer(
        "children/swap.html",
        found=found,
        swap=found.swap,
        is_mine=found.swap.is_mine(current_user.household_ids),
        today=today(),
    )


@blueprint.post("/echanges/<int:swap_id>/<any(accepter,refuser,retirer):verb>")
@parent
def answer_swap(swap_id: int, verb: str) -> Response:
    act, said = {
        "accepter": (swaps.accept, "L’échange est accepté\u00a0: le calendrier et les réservations suivent."),
        "refuser": (swaps.refuse, "Vous avez refusé l’échange\u00a0: rien ne change."),
        "retirer": (swaps.withdraw, "Votre proposition est retirée\u00a0: rien ne change."),
    }[verb]
    act(_parent(), swap_id, now())
    return done(url_for("children.swap", swap_id=swap_id), said)
