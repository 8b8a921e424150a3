"""« Voir comme la famille » (R51): read only, whatever the page offers."""

from flask import Flask, render_template, request
from flask_login import current_user

from blueprints.shared.answers import is_htmx
from blueprints.shared.security_headers import SAFE_METHODS

# Who looks may stop looking, or sign out.
WAYS_OUT = frozenset({"auth.leave_family", "auth.sign_out"})
SENTENCE = "Lecture seule\u00a0: vous regardez l’espace d’une famille, rien ne peut y être changé."


def init_app(app: Flask) -> None:
    @app.before_request
    def refuse_writes():
        if request.method in SAFE_METHODS or request.endpoint in WAYS_OUT:
            return None
        if not (current_user.is_authenticated and current_user.observer):
            return None
        if is_htmx():
            headers = {"HX-Retarget": "#alertes", "HX-Reswap": "innerHTML"}
            return render_template("errors/_refusal.html", message=SENTENCE), 403, headers
        return render_template("errors/read_only.html", message=SENTENCE), 403
