"""Public and school holidays."""

from flask import abort, flash, request, url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import answer, done
from blueprints.shared.guards import staff
from blueprints.shared.pages import town
from blueprints.shared.time import now, today
from blueprints.shared.uploads import receive_files
from blueprints.staff.acts import NOT_DONE, attempt, author, form_page
from blueprints.staff.calendar import blueprint
from blueprints.staff.calendar.forms import (
    FillForm,
    ImportForm,
    PublicHolidayForm,
    SchoolHolidayForm,
    period_from_text,
    period_to_text,
)
from domain.enums import SchoolZone
from domain.french import plural
from domain.permissions import Permission
from queries import calendar as calendar_queries
from services import calendar

MANAGE = Permission.CALENDAR_MANAGE
UNTOUCHED = (
    "Les jours d’ouverture déjà créés ne changent pas\u00a0: vérifiez ci-dessous ceux qui tombent "
    "un jour férié ou pendant les vacances."
)

receive_files(blueprint, MANAGE, {"import_file": calendar.FILE_LIMIT_BYTES})


def _index_url() -> str:
    return url_for("staff_calendar.index")


def _changed(what: str) -> Response:
    """Back to the calendar, which shows the openings to check."""
    flash(UNTOUCHED, "info")
    return done(_index_url(), what)


@blueprint.get("")
@staff(MANAGE)
def index() -> Response:
    return answer(
        "staff/calendar/index.html",
        years=calendar_queries.school_years(calendar.FIRST_YEAR, calendar.LAST_YEAR),
        on_public=calendar_queries.openings_on_public_holidays(today()),
        in_school=calendar_queries.openings_in_school_holidays(today()),
        zone=SchoolZone(town().school_zone),
        first_year=calendar.FIRST_YEAR,
        last_year=calendar.LAST_YEAR,
        today=today(),
    )


@blueprint.post("/remplir")
@staff(MANAGE)
def fill() -> Response:
    form = FillForm()
    made = attempt(form, lambda: calendar.fill(author=author(), now=now()))
    if made is NOT_DONE:
        abort(400)
    for sentence in [*made.kept, *([made.school_refusal] if made.school_refusal else [])]:
        flash(sentence, "wait")
    if not made.public_holidays and not made.school_holidays:
        return done(_index_url(), "Rien à ajouter\u00a0: le calendrier officiel y est déjà.")
    public = plural(made.public_holidays, "jour férié ajouté", "jours fériés ajoutés")
    school = plural(made.school_holidays, "période de vacances ajoutée", "périodes de vacances ajoutées")
    return _changed(f"{public}, {school}. Vos propres lignes sont gardées.")


# --- Public holidays ----------------------------------------------------------------------------


def _save_public(form: PublicHolidayForm, holiday_id: int | None) -> object:
    return attempt(
        form,
        lambda: calendar.save_public_holiday(
            holiday_id, form.day.data, form.label.data, author=author(), now=now()
        ),
        day_taken="day",
    )


@blueprint.route("/jours-feries/nouveau", methods=["GET", "POST"])
@staff(MANAGE)
def new_public_holiday() -> Response:
    form = PublicHolidayForm()
    if _save_public(form, None) is NOT_DONE:
        return form_page(form, "Nouveau jour férié", (_index_url(), "Calendrier"), submit="Ajouter ce jour")
    return _changed("Le jour férié est ajouté.")


@blueprint.route("/jours-feries/<int:holiday_id>", methods=["GET", "POST"])
@staff(MANAGE)
def edit_public_holiday(holiday_id: int) -> Response:
    found = calendar_queries.public_holiday(holiday_id)
    form = PublicHolidayForm(data={"day": found.first_day, "label": found.label})
    if _save_public(form, holiday_id) is not NOT_DONE:
        return _changed("Le jour férié est enregistré.")
    removal = (
        url_for("staff_calendar.delete_public_holiday", holiday_id=holiday_id),
        "Ce jour redeviendra un jour ordinaire.",
        "Supprimer ce jour férié",
    )
    return form_page(form, "Modifier le jour férié", (_index_url(), "Calendrier"), removal=removal)


@blueprint.post("/jours-feries/<int:holiday_id>/supprimer")
@staff(MANAGE)
def delete_public_holiday(holiday_id: int) -> Response:
    calendar.delete_public_holiday(holiday_id, author=author(), now=now())
    return _changed("Le jour férié est supprimé.")


# --- School holidays ----------------------------------------------------------------------------


def _save_school(form: SchoolHolidayForm, holiday_id: int | None) -> object:
    return attempt(
        form,
        lambda: calendar.save_school_holiday(
            holiday_id,
            form.first_day.data,
            form.last_day.data,
            form.label.data,
            author=author(),
            now=now(),
        ),
        days_order="last_day",
        too_long="last_day",
        overlap="first_day",
    )


@blueprint.route("/vacances/nouvelles", methods=["GET", "POST"])
@staff(MANAGE)
def new_school_holiday() -> Response:
    form = SchoolHolidayForm()
    if _save_school(form, None) is NOT_DONE:
        back = (_index_url(), "Calendrier")
        return form_page(form, "Nouvelles vacances scolaires", back, submit="Ajouter ces vacances")
    return _changed("Les vacances sont ajoutées.")


@blueprint.route("/vacances/<int:holiday_id>", methods=["GET", "POST"])
@staff(MANAGE)
def edit_school_holiday(holiday_id: int) -> Response:
    form = SchoolHolidayForm(obj=calendar_queries.school_holiday(holiday_id))
    if _save_school(form, holiday_id) is not NOT_DONE:
        return _changed("Les vacances sont enregistrées.")
    removal = (
        url_for("staff_calendar.delete_school_holiday", holiday_id=holiday_id),
        "Ces jours redeviendront des jours ordinaires.",
        "Supprimer ces vacances",
    )
    return form_page(form, "Modifier les vacances scolaires", (_index_url(), "Calendrier"), removal=removal)


@blueprint.post("/vacances/<int:holiday_id>/supprimer")
@staff(MANAGE)
def delete_school_holiday(holiday_id: int) -> Response:
    calendar.delete_school_holiday(holiday_id, author=author(), now=now())
    return _changed("Les vacances sont supprimées.")


# --- Import -------------------------------------------------------------------------------------


@blueprint.route("/import", methods=["GET", "POST"])
@staff(MANAGE)
def import_file() -> Response:
    """Read the file and show what it would add; nothing is written yet."""
    form = ImportForm()
    periods = attempt(form, lambda: calendar.read_file(form.file.data.read()), **_ALL_AT_FILE)
    zone = SchoolZone(town().school_zone)
    if periods is NOT_DONE:
        intro = "Les vacances de votre zone. Le fichier est d’abord lu, vous confirmez ensuite."
        return form_page(
            form,
            "Importer un calendrier",
            (_index_url(), "Calendrier"),
            submit="Lire le fichier",
            intro=intro,
            multipart=True,
        )
    met = calendar_queries.overlapping(zone, periods)
    lines = [(period, kept, period_to_text(period)) for period, kept in zip(periods, met, strict=True)]
    return answer("staff/calendar/import_preview.html", lines=lines, zone=zone, form=FillForm(formdata=None))


_ALL_AT_FILE = dict.fromkeys(
    ("ics_too_big", "ics_unreadable", "ics_mixed_zones", "ics_impossible_period", "ics_no_holiday"), "file"
)


@blueprint.post("/import/confirmer")
@staff(MANAGE)
def confirm_import() -> Response:
    """Add the periods that the page of the preview carried."""
    try:
        periods = [period_from_text(text) for text in request.form.getlist("period")]
    except ValueError:
        abort(400)
    made = calendar.import_school_holidays(periods, author=author(), now=now())
    text = plural(made.added, "période de vacances ajoutée", "périodes de vacances ajoutées")
    return _changed(f"{text}. {plural(made.kept, 'période déjà connue', 'périodes déjà connues')}.")
