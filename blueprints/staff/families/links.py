"""Who belongs to this household too: a known adult or child, what they are here, what the household reads."""

from collections.abc import Callable, Sequence

from flask import request, url_for
from werkzeug.wrappers import Response
from wtforms import BooleanField, HiddenField
from wtforms.validators import ValidationError

from blueprints.shared.answers import answer
from blueprints.shared.fields import LabelField, LineField
from blueprints.shared.guards import staff
from blueprints.shared.time import now
from blueprints.staff.families import blueprint
from blueprints.staff.families.common import author, edit, household_file
from blueprints.staff.families.edits import standing
from blueprints.staff.families.fields import channel_field
from blueprints.staff.families.forms import StaffForm, values_of
from domain.enums import ChoiceList
from domain.errors import NotFound
from domain.french import plural
from domain.permissions import Permission
from queries import known_people, lists
from queries.known_people import KnownPerson
from services import household_links
from services.household_links import Link, Place

BOTH = ["GET", "POST"]
LONGEST_SEARCH = 100
KEPT_APART = "Les coordonnées d’un foyer ne sont jamais montrées à l’autre foyer de l’enfant."


class LinkForm(StaffForm):
    relationship = LabelField("Lien avec les enfants")
    is_legal_guardian = BooleanField("Responsable légal")
    channel = channel_field()
    looks = {
        "is_legal_guardian": {"help": "Ne cochez pas pour un beau-parent ou un grand-parent."},
    }


class PlaceForm(LinkForm):
    has_secret_contact = BooleanField("Coordonnées confidentielles")
    seen = HiddenField()
    looks = LinkForm.looks | {
        "has_secret_contact": {
            "help": "Adresse, téléphones et mail ne sont plus visibles que de l’accueil et des "
            "administrateurs."
        },
    }


class SentenceForm(StaffForm):
    """An act that needs no answer but how the family told it."""

    channel = channel_field()


class AccessForm(StaffForm):
    is_restricted = BooleanField("Ce foyer ne lit que le nom de l’enfant")
    reason = LineField("Motif", 200)
    channel = channel_field()
    looks = {
        "is_restricted": {
            "help": "Ni fiche, ni planning, ni réservation. Demandez la décision de justice avant de cocher."
        },
        "reason": {"help": "Par exemple la date du jugement. Seul le service le lit."},
    }

    def validate_reason(self, field: LineField) -> None:
        if self.is_restricted.data and not field.data:
            raise ValidationError("Indiquez pourquoi l’accès est limité.")


def _find(
    household_id: int,
    title: str,
    search: Callable[..., Sequence[KnownPerson]],
    page_of_one: Callable[[int, KnownPerson], str],
) -> Response:
    """People of other files whose name matches what was typed, each with the page that links it."""
    household = household_file(household_id)
    text = request.args.get("q", "")[:LONGEST_SEARCH].strip()
    found = [(one, page_of_one(household_id, one)) for one in search(text, without=household_id)]
    return answer("staff/families/find_person.html", household=household, title=title, text=text, found=found)


# --- Adults -----------------------------------------------------------------------------------------------


@blueprint.get("/<int:household_id>/adultes/rattacher")
@staff(Permission.FAMILIES_WRITE)
def find_adult(household_id: int) -> Response:
    return _find(household_id, "Rattacher un adulte connu", known_people.adults, _adult_page)


def _adult_page(household_id: int, person: KnownPerson) -> str:
    return url_for("staff_families.link_adult", household_id=household_id, guardian_id=person.person_id)


@blueprint.route("/<int:household_id>/adultes/rattacher/<int:guardian_id>", methods=BOTH)
@staff(Permission.FAMILIES_WRITE)
def link_adult(household_id: int, guardian_id: int) -> Response:
    household = household_file(household_id)
    person = known_people.adult(guardian_id)
    form = LinkForm()
    form.relationship.offer(lists.choices(ChoiceList.RELATIONSHIP))

    def save() -> None:
        link = values_of(form, Link)
        household_links.link_adult(household_id, guardian_id, link, author=author(form), now=now())

    return edit(
        household,
        form,
        save,
        title=f"Rattacher {person.name} à ce foyer",
        submit="Rattacher",
        message=f"{person.name} est rattaché au foyer.",
        explanation=f"Dossiers de {person.name}\u00a0: {', '.join(person.files)}. La personne garde un seul "
        "accès au portail et y voit tous ses foyers, chacun nommé.",
    )


@blueprint.route("/<int:household_id>/adultes/<int:guardian_id>/lien", methods=BOTH)
@staff(Permission.FAMILIES_WRITE)
def adult_place(household_id: int, guardian_id: int) -> Response:
    household = household_file(household_id)
    adult = household.adult(guardian_id)
    current = standing(Place, adult)
    form = PlaceForm(data=current)
    form.relationship.offer(lists.choices(ChoiceList.RELATIONSHIP, adult.relationship))

    def save() -> None:
        place = values_of(form, Place)
        household_links.set_place(
            household_id, guardian_id, place, seen=form.seen.data, author=author(form), now=now()
        )

    return edit(household, form, save, title=f"Lien et confidentialité de {adult.name}", current=current)


@blueprint.route("/<int:household_id>/adultes/<int:guardian_id>/detacher", methods=BOTH)
@staff(Permission.FAMILIES_WRITE)
def unlink_adult(household_id: int, guardian_id: int) -> Response:
    household = household_file(household_id)
    adult = household.adult(guardian_id)
    form = SentenceForm()

    def save() -> None:
        household_links.unlink_adult(household_id, guardian_id, author=author(form), now=now())

    return edit(
        household,
        form,
        save,
        title=f"Détacher {adult.name} de ce foyer",
        submit="Détacher",
        message=f"{adult.name} n’est plus dans ce foyer.",
        explanation="La personne ne voit plus ce foyer sur le portail, aussitôt. Ses autres foyers et son "
        "accès restent. L’historique garde la trace.",
    )


# --- Children ---------------------------------------------------------------------------------------------


@blueprint.get("/<int:household_id>/enfants/rattacher")
@staff(Permission.FAMILIES_WRITE)
def find_child(household_id: int) -> Response:
    return _find(household_id, "Rattacher un enfant connu", known_people.children, _child_page)


def _child_page(household_id: int, person: KnownPerson) -> str:
    return url_for("staff_families.link_child", household_id=household_id, child_id=person.person_id)


@blueprint.route("/<int:household_id>/enfants/rattacher/<int:child_id>", methods=BOTH)
@staff(Permission.FAMILIES_WRITE)
def link_child(household_id: int, child_id: int) -> Response:
    household = household_file(household_id)
    person = known_people.child(child_id)
    form = SentenceForm()

    def save() -> None:
        household_links.link_child(household_id, child_id, author=author(form), now=now())

    return edit(
        household,
        form,
        save,
        title=f"Rattacher {person.name} à ce foyer",
        submit="Rattacher",
        message=f"{person.first_name} vit désormais dans les deux foyers.",
        explanation=f"Dossier actuel\u00a0: {', '.join(person.files)}. Les deux foyers liront la fiche de "
        f"l’enfant et ses jours réservés. {KEPT_APART}",
    )


@blueprint.route("/<int:household_id>/enfants/<int:child_id>/detacher", methods=BOTH)
@staff(Permission.FAMILIES_WRITE)
def unlink_child(household_id: int, child_id: int) -> Response:
    household = household_file(household_id)
    first_name = household.child(child_id).card.first_name
    form = SentenceForm()

    def save() -> None:
        household_links.unlink_child(household_id, child_id, author=author(form), now=now())

    return edit(
        household,
        form,
        save,
        title=f"Détacher {first_name} de ce foyer",
        submit="Détacher",
        message=f"{first_name} n’est plus dans ce foyer.",
        explanation="Ce foyer ne voit plus l’enfant sur le portail, aussitôt. L’autre foyer garde tout. "
        "L’historique garde la trace.",
    )


@blueprint.route("/<int:household_id>/enfants/<int:child_id>/acces", methods=BOTH)
@staff(Permission.FAMILIES_WRITE)
def restrict_child(household_id: int, child_id: int) -> Response:
    household = household_file(household_id)
    child = household.child(child_id)
    if not child.elsewhere:
        raise NotFound
    form = AccessForm(data={"is_restricted": child.is_restricted})

    def save() -> str:
        count = household_links.restrict_child(
            household_id, child_id, form.is_restricted.data, form.reason.data, author=author(form), now=now()
        )
        return _after_restriction(form.is_restricted.data, count)

    title = f"Accès du foyer {household.name} à la fiche de {child.card.first_name}"
    return edit(household, form, save, title=title, message=lambda said: said)


def _after_restriction(is_restricted: bool, count: int) -> str:
    if not is_restricted:
        return "Ce foyer lit de nouveau la fiche de l’enfant."
    if not count:
        return "Ce foyer ne lit plus que le nom de l’enfant."
    days = plural(count, "réservation à venir", "réservations à venir")
    return f"Ce foyer ne lit plus que le nom de l’enfant. Attention\u00a0: il garde {days} pour cet enfant."
