"""Families: the list with its search, one file, a new file (S01)."""

from typing import Any

from flask import redirect, request
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.converters import row_number
from blueprints.shared.guards import staff
from blueprints.shared.pages import town
from blueprints.shared.time import now, today
from blueprints.staff.families import blueprint
from blueprints.staff.families.common import author, household_file, page_of
from blueprints.staff.families.forms import NewHouseholdForm
from domain.enums import AccountStatus, ChoiceList, DocumentEffect
from domain.errors import Refused
from domain.permissions import Permission, reads_document
from domain.schooling import school_year_of
from queries import (
    certifications,
    consents,
    conversations,
    document_cases,
    household_history,
    merges,
    rule_facts,
    schools,
)
from queries import households as household_queries
from queries import outbox as outbox_queries
from queries.lists import choices
from services import households

LONGEST_SEARCH = 100


@blueprint.get("")
@staff(Permission.FAMILIES_READ)
def index() -> Response:
    text = request.args.get("q", "")[:LONGEST_SEARCH].strip()
    wanted = request.args.get("acces", "")
    access = AccountStatus(wanted) if wanted in list(AccountStatus) else None
    found = household_queries.search(
        text,
        facility_ids=current_user.facility_ids,
        today=today(),
        access=access,
        page=request.args.get("page", 1, type=row_number),
        sees_secrets=current_user.may(Permission.FAMILIES_WRITE),
    )
    filters = {name: value for name, value in (("q", text), ("acces", access)) if value}
    return answer(
        "staff/families/index.html",
        found=found,
        text=text,
        access=access,
        filters=filters,
        statuses=list(AccountStatus),
    )


@blueprint.get("/<int:household_id>")
@staff(Permission.FAMILIES_READ)
def show(household_id: int) -> Response:
    kept = merges.kept_household(household_id)
    if kept is not None:
        return redirect(page_of(kept))
    household = household_file(household_id)
    papers: dict[str, Any] = {}
    if current_user.may(Permission.QUOTIENTS_READ):
        papers["quotients"] = household_queries.quotients(household_id, today())
    if current_user.may(Permission.DOCUMENTS_READ):
        read = [one for one in DocumentEffect if reads_document(current_user.may, one)]
        papers["sent"] = document_cases.sent_by(household_id, today(), read)
    owners = [(None, "Le foyer"), *((one.card.child_id, one.card.first_name) for one in household.children)]
    if current_user.may(Permission.FAMILIES_WRITE):
        papers |= {
            "former_addresses": household_queries.former_addresses(household_id),
            "facts": rule_facts.lines(household_id, [child_id for child_id, _ in owners[1:]], today()),
            "fact_owners": owners,
            "documents": household_queries.documents(household, today()),
            "certification": certifications.standings([household_id], today(), town().certification_day)[0],
            "texts": consents.texts_of([adult.guardian_id for adult in household.adults]),
            "mails": outbox_queries.mails_of_household(household_id),
            "events": household_history.events(household),
        }
    year = school_year_of(today())
    return answer(
        "staff/families/show.html",
        household=household,
        today=today(),
        year=year,
        conversations=conversations.of_household(household_id, current_user.facility_ids)
        if current_user.may(Permission.MESSAGES_ANSWER)
        else None,
        schoolings=schools.schoolings_in([child_id for child_id, _ in owners[1:]], year),
        **papers,
    )


@blueprint.route("/nouveau", methods=["GET", "POST"])
@staff(Permission.FAMILIES_WRITE)
def create() -> Response:
    form = NewHouseholdForm()
    form.family_situation.offer(choices(ChoiceList.FAMILY_SITUATION))
    act = request.form.get("acte")
    added = form.prepare(household_queries.facilities(), today(), act)
    duplicates: tuple[tuple[int, int, str], ...] = ()
    if form.is_submitted() and not added and form.validate():
        try:
            household_id = households.create_household(
                form.new_household(),
                author=author(form),
                now=now(),
                despite_duplicates=form.despite_duplicates.data,
            )
            return done(page_of(household_id), "Le dossier est créé.")
        except households.Duplicates as refusal:
            duplicates = refusal.found
        except Refused as refusal:
            form.refuse(refusal)
    status = 422 if form.errors or duplicates else 200
    return answer(
        "staff/families/new.html",
        status=status,
        form=form,
        duplicates=duplicates,
        added=act if added else None,
    )
