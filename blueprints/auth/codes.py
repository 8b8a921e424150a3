"""After the password, the code of the second factor, or one of those on paper (R50, security S06)."""

from flask import request, url_for
from werkzeug.wrappers import Response

from blueprints.auth import blueprint
from blueprints.auth.forms import CodeForm, RecoveryCodeForm, show_refusal
from blueprints.auth.views import enter
from blueprints.shared.answers import answer
from blueprints.shared.guards import code_awaited
from blueprints.shared.sessions import asker
from blueprints.shared.time import now
from domain.errors import Refused
from domain.french import NBSP, plural
from services import second_factor


@blueprint.route("/code-de-securite", methods=["GET", "POST"])
@code_awaited
def code() -> Response:
    form = CodeForm()
    if form.validate_on_submit():
        try:
            entered = second_factor.answer(asker(), form.code.data, now())
        except Refused as refusal:
            show_refusal(form, refusal.code, refusal.message)
        else:
            return enter(entered.token, request.args.get("suite"), tells=True)
    return answer("auth/code.html", status=422 if form.is_submitted() else 200, form=form)


@blueprint.route("/code-de-securite/secours", methods=["GET", "POST"])
@code_awaited
def recovery_code() -> Response:
    """Without the telephone a code on paper opens too, and leads where another one is installed."""
    form = RecoveryCodeForm()
    if form.validate_on_submit():
        try:
            entered = second_factor.answer_on_paper(asker(), form.code.data, now())
        except Refused as refusal:
            show_refusal(form, refusal.code, refusal.message)
        else:
            return enter(entered.token, url_for("account.security"), _left(entered.left))
    return answer("auth/recovery_code.html", status=422 if form.is_submitted() else 200, form=form)


def _left(codes: int) -> str:
    if not codes:
        return f"C’était votre dernier code de secours{NBSP}: créez-en d’autres, ou changez de téléphone ici."
    return (
        f"Ce code ne sert plus, il vous reste {plural(codes, 'code', 'codes')} de secours. "
        f"Votre téléphone est perdu{NBSP}? Installez ici le code de sécurité sur un autre."
    )
