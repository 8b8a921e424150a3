"""The mandates of families: checked, entered from paper, ended (R46)."""

from flask import request, url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.downloads import sealed_pdf
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.staff.acts import NOT_DONE, attempt, author, form_page
from blueprints.staff.debits import blueprint
from blueprints.staff.debits.forms import PaperMandateForm, ReasonForm
from blueprints.staff.payments.forms import new_key
from domain.permissions import Permission
from queries import direct_debits as debit_queries
from services import mandates as mandate_service
from services import printed_mandates
from services.mandates import Signing

RECORD = Permission.PAYMENTS_RECORD


@blueprint.get("/mandats")
@staff(RECORD)
def mandates() -> Response:
    return answer("staff/debits/mandates.html", mandates=debit_queries.mandates())


@blueprint.get("/mandats/foyers/<int:household_id>")
@staff(RECORD)
def household(household_id: int) -> Response:
    """The mandates of one household."""
    return answer(
        "staff/debits/household.html",
        household_id=household_id,
        name=debit_queries.household_name(household_id),
        mandates=debit_queries.mandates_of([household_id]),
        is_offered=bool(debit_queries.regies()),
    )


@blueprint.route("/mandats/foyers/<int:household_id>/nouveau", methods=["GET", "POST"])
@staff(RECORD)
def enter_mandate(household_id: int) -> Response:
    """A mandate that was signed on paper and checked at the counter: in service at once."""
    name, back = debit_queries.household_name(household_id), url_for(".household", household_id=household_id)
    regies = [(one.regie_id, one.name) for one in debit_queries.regies()]
    start = {"signed_on": today(), "submission_key": new_key()}
    form = PaperMandateForm(data=start if request.method == "GET" else None)
    form.offer(regies, debit_queries.adults(household_id))
    made = attempt(
        form,
        lambda: mandate_service.enter(_signing(form, household_id), author(), now()),
        iban="iban",
        holder="holder_name",
        day="signed_on",
    )
    if made is not NOT_DONE:
        return done(back, "Le mandat est en service. La famille est prévenue.")
    notes = [] if regies else ["Aucune régie n’a d’ICS : complétez d’abord la fiche d’une régie."]
    intro = f"Foyer {name}. Gardez le mandat signé avec les pièces de la régie."
    return form_page(
        form, "Mandat signé sur papier", (back, "Prélèvement automatique"),
        submit="Mettre en service", intro=intro, notes=notes,
    )  # fmt: skip


@blueprint.post("/mandats/<int:mandate_id>/accepter")
@staff(RECORD)
def accept_mandate(mandate_id: int) -> Response:
    mandate_service.accept(mandate_id, author(), now())
    return done(url_for(".mandates"), "Le mandat est en service. La famille est prévenue.")


@blueprint.route("/mandats/<int:mandate_id>/revoquer", methods=["GET", "POST"])
@staff(RECORD)
def revoke_mandate(mandate_id: int) -> Response:
    found, form = debit_queries.mandate(mandate_id), ReasonForm()
    ended = attempt(
        form,
        lambda: mandate_service.revoke(mandate_id, form.reason.data, author(), now()),
        no_reason="reason",
    )
    back = url_for(".household", household_id=found.household_id)
    if ended is not NOT_DONE:
        return done(back, "Le mandat a pris fin. La famille est prévenue.")
    intro = (
        f"Foyer {found.household}, {found.regie}, compte qui finit par {found.iban_end}. Ses prochaines "
        "factures ne seront plus prélevées. La famille lira le motif."
    )
    heading = "Mettre fin au mandat"
    return form_page(form, heading, (back, "Prélèvement automatique"), submit=heading, intro=intro)


@blueprint.get("/mandats/<int:mandate_id>/pdf")
@staff(RECORD)
def mandate_pdf(mandate_id: int) -> Response:
    """The mandate on paper; of the account only its end."""
    found = debit_queries.mandate(mandate_id)
    return sealed_pdf(printed_mandates.printed(found, ""), f"mandat-{found.reference.lower()}.pdf")


def _signing(form: PaperMandateForm, household_id: int) -> Signing:
    return Signing(
        regie_id=form.regie.data,
        household_id=household_id,
        guardian_id=form.guardian.data,
        holder_name=form.holder_name.data,
        iban=form.iban.data,
        signed_on=form.signed_on.data,
        submission_key=form.submission_key.data,
    )
