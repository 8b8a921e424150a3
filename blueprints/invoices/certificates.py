"""Certificates of a family: what it paid for care in a year, when a child was there (R44)."""

from datetime import date

from flask import abort, render_template, request
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms.validators import DataRequired, ValidationError

from blueprints.invoices import blueprint
from blueprints.shared.answers import answer
from blueprints.shared.downloads import sealed_pdf
from blueprints.shared.fields import PlainDateField
from blueprints.shared.guards import parent
from blueprints.shared.time import today
from domain.calendar import ONE_DAY, add_months
from domain.french import NBSP
from domain.people import fold
from queries.family import children_of
from queries.presences import Presences, presences
from queries.tax_certificates import TaxCertificate, tax_certificates, tax_years
from services import printed_certificates

LONGEST_DAYS = 366


class PeriodForm(FlaskForm):
    class Meta:
        csrf = False  # it only asks

    du = PlainDateField("Du", [DataRequired("Indiquez le premier jour.")])
    au = PlainDateField("Au", [DataRequired("Indiquez le dernier jour.")])

    def validate_au(self, field: PlainDateField) -> None:
        if self.du.data is None or field.data is None:
            return
        if field.data < self.du.data:
            raise ValidationError("Le dernier jour vient avant le premier. Corrigez l’un des deux.")
        if (field.data - self.du.data).days >= LONGEST_DAYS:
            raise ValidationError(f"Choisissez un an au plus{NBSP}: demandez une attestation par an.")


@blueprint.get("/attestations")
@parent
def certificates() -> str:
    """Every certificate that may be asked for."""
    return render_template(
        "invoices/certificates.html",
        years=tax_years(current_user.household_ids, today()),
        children=children_of(current_user.household_ids),
    )


@blueprint.get("/attestations/fiscale/<int:year>")
@parent
def tax(year: int) -> str:
    """What was paid for care in a year, household by household, with its arithmetic."""
    return render_template(
        "invoices/tax.html", year=year, certificates=_of_year(year), is_over=year < today().year
    )


@blueprint.get("/attestations/fiscale/<int:year>/<int:household_id>/pdf")
@parent
def tax_pdf(year: int, household_id: int) -> Response:
    """The same on paper, for one household."""
    found = next((one for one in _of_year(year) if one.household_id == household_id), None)
    if found is None:
        abort(404)
    return sealed_pdf(printed_certificates.tax(found, today()), f"attestation-fiscale-{year}.pdf")


def _of_year(year: int) -> tuple[TaxCertificate, ...]:
    """A year that is to come, or before any portal, has no page."""
    if not 2000 <= year <= today().year:
        abort(404)
    return tax_certificates(current_user.household_ids, year)


@blueprint.get("/attestations/presence/<int:child_id>")
@parent
def presence(child_id: int) -> Response:
    """When a child was there, between two days (`du`, `au`); last month at first."""
    first, last = _last_month(today())
    form = PeriodForm(request.args if request.args else None, data={"du": first, "au": last})
    asked = bool(request.args) and not form.validate()
    chosen = (first, last) if asked else (form.du.data, form.au.data)
    found = presences(child_id, current_user.household_ids, *chosen)
    return answer("invoices/presence.html", status=422 if asked else 200, form=form, found=found)


@blueprint.get("/attestations/presence/<int:child_id>/pdf")
@parent
def presence_pdf(child_id: int) -> Response:
    """The same on paper; the period of the address is that of a page."""
    form = PeriodForm(request.args)
    first, last = (form.du.data, form.au.data) if form.validate() else _last_month(today())
    found: Presences = presences(child_id, current_user.household_ids, first, last)
    name = fold(found.child.first_name).replace(" ", "-")
    return sealed_pdf(printed_certificates.presence(found, today()), f"attestation-presence-{name}.pdf")


def _last_month(day: date) -> tuple[date, date]:
    return date(*add_months(day.year, day.month, -1), 1), day.replace(day=1) - ONE_DAY
