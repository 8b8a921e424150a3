"""Schools: classes of a year, pupils by class and level, the yearly promotion (R04)."""

from flask import abort, url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.guards import staff
from blueprints.shared.time import now, today
from blueprints.staff.acts import NOT_DONE, attempt, author, form_page
from blueprints.staff.schools import blueprint
from blueprints.staff.schools.forms import ClassForm, PromotionForm, promotion_data
from domain.errors import Refused, Stale
from domain.french import NBSP, plural
from domain.permissions import Permission
from domain.schooling import school_year_of, school_year_words
from queries import schools as school_queries
from queries.schools import School
from services import schools
from services.schools import ClassData, Promoted

MANAGE = Permission.SCHOOLS_MANAGE
BOTH = ["GET", "POST"]
FIRST_YEAR, LAST_YEAR = 2000, 2100


def _school(facility_id: int, year: int) -> School:
    """Raises NotFound; 404 for a year out of the calendar."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        abort(404)
    return school_queries.school(facility_id)


def _address(facility_id: int, year: int) -> str:
    return url_for("staff_schools.show", facility_id=facility_id, year=year)


def _back(school: School, year: int) -> tuple[str, str]:
    return _address(school.facility_id, year), f"{school.name}, {school_year_words(year)}"


def _class_data(form: ClassForm) -> ClassData:
    return ClassData(form.name.data, form.teacher.data)


@blueprint.get("")
@staff(MANAGE)
def index() -> Response:
    year = school_year_of(today())
    return answer("staff/schools/index.html", schools=school_queries.schools(year), year=year)


@blueprint.get("/<int:facility_id>/<int:year>")
@staff(MANAGE)
def show(facility_id: int, year: int) -> Response:
    school = _school(facility_id, year)
    rooms = school_queries.class_rooms(facility_id, year)
    following = school_queries.classes(year + 1)
    return answer(
        "staff/schools/school.html",
        school=school,
        rooms=rooms,
        year=year,
        has_pupils=any(room.pupils for room in rooms),
        has_next_classes=any(line.facility_id == facility_id for line in following),
    )


# --- Classes ----------------------------------------------------------------------------------------------


@blueprint.route("/<int:facility_id>/<int:year>/classes/nouvelle", methods=BOTH)
@staff(MANAGE)
def new_class(facility_id: int, year: int) -> Response:
    school = _school(facility_id, year)
    form = ClassForm()
    added = attempt(
        form,
        lambda: schools.add_class(facility_id, year, _class_data(form), author=author(), now=now()),
        name_taken="name",
    )
    if added is NOT_DONE:
        title = f"Nouvelle classe {school_year_words(year)}"
        return form_page(form, title, _back(school, year), submit="Créer la classe")
    return done(_address(facility_id, year), "La classe est créée.")


@blueprint.route("/classes/<int:class_id>", methods=BOTH)
@staff(MANAGE)
def edit_class(class_id: int) -> Response:
    line, year = school_queries.school_class(class_id)
    form = ClassForm(obj=line)
    saved = attempt(
        form,
        lambda: schools.update_class(class_id, _class_data(form), author=author(), now=now()),
        name_taken="name",
    )
    if saved is NOT_DONE:
        back = _back(School(line.facility_id, line.school), year)
        return form_page(form, f"Classe {line.name}", back)
    return done(_address(line.facility_id, year), "La classe est enregistrée.")


@blueprint.post("/classes/<int:class_id>/supprimer")
@staff(MANAGE)
def delete_class(class_id: int) -> Response:
    line, year = school_queries.school_class(class_id)
    try:
        schools.remove_class(class_id, author=author(), now=now())
    except Refused as refusal:
        form = ClassForm(formdata=None, obj=line)
        form.refuse(refusal)
        back = _back(School(line.facility_id, line.school), year)
        return form_page(form, f"Classe {line.name}", back)
    return done(_address(line.facility_id, year), f"La classe {line.name} est supprimée.")


@blueprint.post("/<int:facility_id>/<int:year>/classes/reprendre")
@staff(MANAGE)
def copy_classes(facility_id: int, year: int) -> Response:
    """The classes of this year, opened for the next one."""
    _school(facility_id, year)
    count = schools.copy_classes(facility_id, year, author=author(), now=now())
    said = plural(count, "classe est créée", "classes sont créées")
    return done(_address(facility_id, year + 1), f"{said} pour {school_year_words(year + 1)}.")


# --- The yearly promotion -----------------------------------------------------------------------------------


@blueprint.route("/<int:facility_id>/<int:year>/passage", methods=BOTH)
@staff(MANAGE)
def promotion(facility_id: int, year: int) -> Response:
    _school(facility_id, year)
    page = school_queries.promotion(facility_id, year)
    form = PromotionForm(data=promotion_data(page)).offer(page.classes)
    status, stale = 200, None
    if form.is_submitted() and form.validate():
        try:
            promoted = schools.promote(
                facility_id,
                year,
                form.promotions(page.candidates),
                seen=form.seen.data,
                author=author(),
                now=now(),
            )
            return done(_address(facility_id, year + 1), _after(promoted, year))
        except Stale as refusal:
            page = school_queries.promotion(facility_id, year)
            form = PromotionForm(formdata=None, data=promotion_data(page)).offer(page.classes)
            status, stale = 409, refusal.message
    return answer(
        "staff/schools/promotion.html",
        status=422 if form.errors else status,
        promotion=page,
        form=form,
        lines=list(zip(page.candidates, form.pupils, strict=True)),
        year=year,
        stale=stale,
    )


def _after(promoted: Promoted, year: int) -> str:
    leaving = plural(promoted.leaving, "élève quitte l’école", "élèves quittent l’école")
    if not promoted.promoted:
        return f"Rien n’a changé{NBSP}: le passage était déjà fait ({leaving})."
    said = plural(promoted.promoted, "élève est inscrit", "élèves sont inscrits")
    return f"{said} pour {school_year_words(year + 1)}, {leaving}."
