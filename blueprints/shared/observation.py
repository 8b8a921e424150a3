"""« Voir comme la famille » (R51): read only, whatever the page offers; the files of a family stay closed."""

from typing import Any

from flask import Flask, render_template, request, session
from flask_login import current_user

from blueprints.shared.answers import is_htmx
from blueprints.shared.security_headers import SAFE_METHODS
from blueprints.shared.sessions import OBSERVED
from domain.permissions import Permission

# Who looks may stop looking, or sign out.
WAYS_OUT = frozenset({"auth.leave_family", "auth.sign_out"})
# The service opens a document from its own pages, where each reading has its right.
WITHHELD = frozenset({"documents.file", "documents.thumbnail", "messages.file"})
# Papers about money: for the agents who handle it, as on the pages of the service.
OF_MONEY = frozenset({"invoices.pdf", "invoices.tax_pdf", "invoices.statement_pdf", "invoices.mandate_pdf"})
HANDLES_MONEY = (Permission.PAYMENTS_RECORD, Permission.BILLING_MANAGE)
READ_ONLY = "Lecture seule\u00a0: vous regardez l’espace d’une famille, rien ne peut y être changé."
NOT_FOR_YOU = "Lecture seule\u00a0: les factures se téléchargent avec le droit d’enregistrer des règlements."
NOT_SHOWN = "Lecture seule\u00a0: ouvrez les documents d’une famille depuis «\u00a0À traiter\u00a0»."


def init_app(app: Flask) -> None:
    app.before_request(_refuse)


def _refuse() -> Any:
    if OBSERVED not in session or not (current_user.is_authenticated and current_user.observer):
        return None
    if request.method in SAFE_METHODS:
        return _refused_file(request.endpoint)
    return None if request.endpoint in WAYS_OUT else _refusal(READ_ONLY)


def _refused_file(endpoint: str | None) -> Any:
    if endpoint in WITHHELD:
        return _refusal(NOT_SHOWN)
    if endpoint in OF_MONEY and not any(map(current_user.observer.may, HANDLES_MONEY)):
        return _refusal(NOT_FOR_YOU)
    return None


def _refusal(sentence: str) -> Any:
    if is_htmx():
        headers = {"HX-Retarget": "#alertes", "HX-Reswap": "innerHTML"}
        return render_template("errors/_refusal.html", message=sentence), 403, headers
    return render_template("errors/read_only.html", message=sentence), 403
