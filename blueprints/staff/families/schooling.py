"""Where a child of the file goes to school, this year or the next (R04)."""

from werkzeug.wrappers import Response
from wtforms import HiddenField, SelectChoice, SelectField
from wtforms.validators import InputRequired

from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.staff.families import blueprint
from blueprints.staff.families.common import author, edit, household_file
from blueprints.staff.families.fields import channel_field
from blueprints.staff.families.forms import StaffForm
from blueprints.staff.fields import EnumSelect, enum_choices
from domain.enums import SchoolLevel
from domain.french import NBSP, of_name
from domain.permissions import Permission
from domain.schooling import school_year_of, school_year_words
from queries import schools as school_queries
from queries.schools import SchoolingLine
from services import schools
from services.schools import Studies

Choices = dict[str, list[tuple[str, str]]]


class SchoolingForm(StaffForm):
    place = SelectField("École et classe", [InputRequired("Choisissez l’école et la classe.")])
    level = EnumSelect(
        "Niveau",
        SchoolLevel,
        "Choisissez le niveau.",
        choices=[SelectChoice("", "Choisissez"), *enum_choices(SchoolLevel)],
    )
    seen = HiddenField()
    channel = channel_field()
    looks = {
        "place": {"help": "L’inscription dans l’école et le groupe suivent la classe choisie."},
    }

    @property
    def studies(self) -> Studies:
        year, facility_id, class_id = (self.place.data or "").split(":")
        return Studies(int(year), int(facility_id), self.level.data, int(class_id) if class_id else None)


def _value(year: int, facility_id: int, class_id: int | None) -> str:
    return f"{year}:{facility_id}:{class_id or ''}"


def _places(year: int) -> Choices:
    """The classes of this school year and the next, each school without class first."""
    found: Choices = {"": [("", "Choisissez")]}
    for one in (year, year + 1):
        classes = school_queries.classes(one)
        words = school_year_words(one)
        found[words] = []
        for line in school_queries.schools(one):
            school = line.school
            found[words].append((_value(one, school.facility_id, None), f"{school.name}, sans classe"))
            found[words] += [
                (_value(one, school.facility_id, room.class_id), f"{room.label}, {words}")
                for room in classes
                if room.facility_id == school.facility_id
            ]
    return found


@blueprint.route("/<int:household_id>/enfants/<int:child_id>/scolarite", methods=["GET", "POST"])
@staff(Permission.SCHOOLS_MANAGE)
def schooling(household_id: int, child_id: int) -> Response:
    household = household_file(household_id)
    first_name = household.child(child_id).card.first_name
    year = school_year_of(today())
    known = school_queries.schoolings(child_id)
    current = next((line for line in known if line.school_year == year), None)
    standing = _standing(current) | {"seen": school_queries.schooling_fingerprint(child_id)}
    form = SchoolingForm(data=standing)
    form.place.choices = _places(year)

    def save() -> None:
        schools.set_schooling(
            household_id, child_id, form.studies, seen=form.seen.data, author=author(form), now=now()
        )

    return edit(
        household,
        form,
        save,
        title=f"Scolarité {of_name(first_name)}",
        message="La scolarité est enregistrée.",
        current=standing,
        explanation=_history(known),
    )


def _standing(current: SchoolingLine | None) -> dict[str, object]:
    if current is None:
        return {}
    place = _value(current.school_year, current.facility_id, current.class_id)
    return {"place": place, "level": current.level}


def _history(known: tuple[SchoolingLine, ...]) -> str:
    if not known:
        return "Aucune année connue."
    years = f"{NBSP}; ".join(f"{school_year_words(line.school_year)}, {line.words}" for line in known)
    return f"Années connues{NBSP}: {years}."
