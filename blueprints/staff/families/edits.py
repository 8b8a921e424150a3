"""What the service changes in a file, each act with the channel through which the family spoke (S06)."""

from dataclasses import asdict
from typing import Any

from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import done
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.staff.families import blueprint
from blueprints.staff.families.common import author, edit, household_file, page_of
from blueprints.staff.families.forms import (
    AdultForm,
    AdultWithAccessForm,
    ChildForm,
    DocumentsForm,
    EnrolmentForm,
    HouseholdForm,
    NewChildForm,
    QuotientForm,
    values_of,
)
from domain.calendar import school_year
from domain.enums import ChoiceList
from domain.french import of_name, plural
from domain.permissions import Permission
from queries import households as household_queries
from queries.lists import choices
from services import households
from services.accounts import Author

EMAIL_HINT = (
    "Le mail sert à se connecter, il ne se change pas ici. "
    "Tant que la personne n’a pas activé son accès, corrigez-le en renvoyant le mail d’activation."
)
POST_ONLY, BOTH = ["POST"], ["GET", "POST"]


def standing(kind: type, row: Any, **known: Any) -> dict[str, Any]:
    """The values of `row` for a form that changes them, with `seen`."""
    values = households.read(kind, row)
    return asdict(values) | {"seen": households.fingerprint(values)} | known


@blueprint.route("/<int:household_id>/modifier", methods=BOTH)
@staff(Permission.FAMILIES_WRITE)
def edit_household(household_id: int) -> Response:
    household = household_file(household_id)
    current = standing(households.Identity, household)
    form = HouseholdForm(data=current)
    form.family_situation.offer(choices(ChoiceList.FAMILY_SITUATION, household.family_situation))

    def save() -> None:
        identity = values_of(form, households.Identity)
        households.update_household(
            household_id, identity, seen=form.seen.data, author=author(form), now=now()
        )

    return edit(household, form, save, title="Modifier le foyer", current=current)


# --- Adults -----------------------------------------------------------------------------------------------


@blueprint.route("/<int:household_id>/adultes/nouveau", methods=BOTH)
@staff(Permission.FAMILIES_WRITE)
def add_adult(household_id: int) -> Response:
    household = household_file(household_id)
    form = AdultForm(data={"last_name": household.name})

    def save() -> None:
        households.add_adult(household_id, values_of(form, households.Adult), author=author(form), now=now())

    return edit(household, form, save, title="Ajouter un adulte", message="L’adulte est ajouté au dossier.")


@blueprint.route("/<int:household_id>/adultes/<int:guardian_id>/modifier", methods=BOTH)
@staff(Permission.FAMILIES_WRITE)
def edit_adult(household_id: int, guardian_id: int) -> Response:
    household = household_file(household_id)
    adult = household.adult(guardian_id)
    current = standing(households.Adult, adult)
    form = AdultWithAccessForm(data=current) if adult.user_id else AdultForm(data=current)
    kept = {"email": adult.email} if adult.user_id else {}

    def save() -> None:
        values = values_of(form, households.Adult, **kept)
        households.update_adult(
            household_id, guardian_id, values, seen=form.seen.data, author=author(form), now=now()
        )

    hint = {"explanation": EMAIL_HINT} if adult.user_id else {}
    return edit(household, form, save, title=f"Modifier {adult.name}", current=current, **hint)


# --- Children and their enrolments ------------------------------------------------------------------------


@blueprint.route("/<int:household_id>/enfants/nouveau", methods=BOTH)
@staff(Permission.FAMILIES_WRITE)
def add_child(household_id: int) -> Response:
    household = household_file(household_id)
    first_day, last_day = school_year(today())
    form = NewChildForm(data={"last_name": household.name, "first_day": first_day, "last_day": last_day})
    form.offer(household_queries.facilities(), today())

    def save() -> None:
        child = households.NewChild(values_of(form, households.ChildIdentity), form.placements())
        households.add_child(household_id, child, author=author(form), now=now())

    return edit(household, form, save, title="Ajouter un enfant", message="L’enfant est ajouté au dossier.")


@blueprint.route("/<int:household_id>/enfants/<int:child_id>/modifier", methods=BOTH)
@staff(Permission.FAMILIES_WRITE)
def edit_child(household_id: int, child_id: int) -> Response:
    household = household_file(household_id)
    card = household.child(child_id).card
    current = standing(households.ChildIdentity, card)
    form = ChildForm(data=current)
    form.birth_date.latest = today()

    def save() -> None:
        values = values_of(form, households.ChildIdentity)
        households.update_child(
            household_id, child_id, values, seen=form.seen.data, author=author(form), now=now()
        )

    return edit(household, form, save, title=f"Modifier {card.first_name}", current=current)


@blueprint.route("/<int:household_id>/enfants/<int:child_id>/inscriptions/nouvelle", methods=BOTH)
@staff(Permission.FAMILIES_WRITE)
def add_enrolment(household_id: int, child_id: int) -> Response:
    household = household_file(household_id)
    card = household.child(child_id).card
    first_day, last_day = school_year(today())
    form = EnrolmentForm(data={"first_day": first_day, "last_day": last_day})
    form.offer(household_queries.facilities(), household_queries.activities(), household_queries.groups())

    def save() -> None:
        placement = values_of(form, households.Placement)
        households.add_enrolment(household_id, child_id, placement, author=author(form), now=now())

    title = f"Inscrire {card.first_name} dans une structure"
    return edit(
        household, form, save, title=title, message=f"{card.first_name} est inscrit dans la structure."
    )


@blueprint.route("/<int:household_id>/inscriptions/<int:enrolment_id>/modifier", methods=BOTH)
@staff(Permission.FAMILIES_WRITE)
def edit_enrolment(household_id: int, enrolment_id: int) -> Response:
    household = household_file(household_id)
    child, enrolment = household.enrolment(enrolment_id)
    current = standing(households.Placement, enrolment)
    form = EnrolmentForm(data=current)
    form.offer(
        household_queries.facilities(),
        household_queries.activities(),
        household_queries.groups(enrolment.group_id),
        keep=enrolment,
    )

    def save() -> int:
        placement = values_of(form, households.Placement)
        return households.update_enrolment(
            household_id, enrolment_id, placement, seen=form.seen.data, author=author(form), now=now()
        )

    title = f"Modifier l’inscription {of_name(child.card.first_name)}"
    return edit(household, form, save, title=title, message=_after_enrolment, current=current)


def _after_enrolment(uncovered: int) -> str:
    if not uncovered:
        return "L’inscription est modifiée."
    days = plural(
        uncovered, "réservation à venir n’est plus couverte", "réservations à venir ne sont plus couvertes"
    )
    return f"L’inscription est modifiée. Attention\u00a0: {days} par une inscription. Prévenez la structure."


# --- Quotient and documents -------------------------------------------------------------------------------


@blueprint.route("/<int:household_id>/quotient", methods=BOTH)
@staff(Permission.FAMILIES_WRITE)
def add_quotient(household_id: int) -> Response:
    household = household_file(household_id)
    form = QuotientForm(data={"valid_from": today()})

    def save() -> None:
        values = values_of(form, households.Quotient)
        households.add_quotient(household_id, values, author=author(form), now=now())

    message = "Le nouveau quotient est noté, le précédent reste dans l’historique."
    return edit(household, form, save, title="Noter un quotient familial", message=message)


@blueprint.route("/<int:household_id>/documents", methods=BOTH)
@staff(Permission.FAMILIES_WRITE)
def documents(household_id: int) -> Response:
    household = household_file(household_id)
    lines = household_queries.documents(household, today())
    form = DocumentsForm(data={"receipts": [{"key": line.key, "received_on": today()} for line in lines]})

    def save() -> int:
        receipts = form.ticked(lines)
        households.receive_documents(household_id, receipts, author=author(form), now=now())
        return len(receipts)

    return edit(
        household,
        form,
        save,
        title="Documents reçus",
        message=lambda count: f"{plural(count, 'document reçu est noté', 'documents reçus sont notés')}.",
        template="staff/families/documents.html",
        lines={line.key: line for line in lines},
    )


@blueprint.route("/<int:household_id>/documents/<int:document_id>/retirer", methods=POST_ONLY)
@staff(Permission.FAMILIES_WRITE)
def withdraw_document(household_id: int, document_id: int) -> Response:
    household_file(household_id)
    households.withdraw_document(household_id, document_id, author=Author(current_user.user_id), now=now())
    return done(page_of(household_id), "Ce document n’est plus noté comme reçu.")
