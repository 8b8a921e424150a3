"""The town's identity, contact and texts."""

from dataclasses import asdict

from flask import flash, url_for
from werkzeug.wrappers import Response

from blueprints.shared.answers import done
from blueprints.shared.guards import staff
from blueprints.shared.pages import town
from blueprints.shared.time import now
from blueprints.staff.acts import NOT_DONE, attempt, author, shown
from blueprints.staff.settings import blueprint
from blueprints.staff.settings.forms import FieldRulesForm, LegalForm, SettingsForm, ticked
from domain.enums import FileSection
from domain.family_file import ALWAYS_REQUIRED, WHOLE_SECTIONS, fields_of
from domain.labels import label
from domain.permissions import Permission
from queries import field_rules as field_rule_queries
from queries import legal as legal_queries
from services import field_rules, legal
from services import town as town_service

CALENDAR_KEYS = frozenset({"school_zone", "holiday_variant"})


@blueprint.route("", methods=["GET", "POST"])
@staff(Permission.SETTINGS_MANAGE)
def index() -> Response:
    form = SettingsForm(obj=town())
    changed = attempt(form, lambda: town_service.save_settings(form.values(), author=author(), now=now()))
    if changed is NOT_DONE:
        return shown(form, "staff/settings/index.html")
    if changed & CALENDAR_KEYS:
        flash("La zone ou les jours fériés ont changé\u00a0: remplissez maintenant le calendrier.", "info")
        return done(url_for("staff_calendar.index"), "Les réglages sont enregistrés.")
    return done(url_for("staff_settings.index"), "Les réglages sont enregistrés.")


@blueprint.route("/champs", methods=["GET", "POST"])
@staff(Permission.SETTINGS_MANAGE)
def file_fields() -> Response:
    """Réglages › Champs du dossier: what is shown, editable, required, accepted without control."""
    form = FieldRulesForm(data=ticked(field_rule_queries.field_policies()))
    changed = attempt(form, lambda: field_rules.save(form.policies(), author=author(), now=now()))
    if changed is NOT_DONE:
        return shown(
            form,
            "staff/settings/file_fields.html",
            sections=_sections(),
            whole=frozenset(WHOLE_SECTIONS.values()),
            always_required=ALWAYS_REQUIRED,
        )
    message = "Les champs du dossier sont enregistrés." if changed else "Rien n’a changé."
    return done(url_for("staff_settings.file_fields"), message)


@blueprint.route("/mentions", methods=["GET", "POST"])
@staff(Permission.SETTINGS_MANAGE)
def legal_texts() -> Response:
    """Réglages › Mentions légales: who publishes, who hosts, whom to write to; how accessible it is."""
    texts = legal_queries.texts()
    form = LegalForm(data={**asdict(texts), "accessibility": town().accessibility})
    changed = attempt(
        form,
        lambda: legal.save(form.texts(), form.accessibility.data, author=author(), now=now()),
        conformity="audit",
    )
    if changed is NOT_DONE:
        return shown(form, "staff/settings/legal.html", missing=texts.missing)
    message = "Les mentions légales sont enregistrées." if changed else "Rien n’a changé."
    return done(url_for("staff_settings.legal_texts"), message)


def _sections() -> list[tuple[FileSection, list[tuple[str, str]]]]:
    """(section, its fields as (key, label)); people and authorisations have one line each."""
    return [
        (
            section,
            [(WHOLE_SECTIONS[section], label(section))]
            if section in WHOLE_SECTIONS
            else [(field.key, field.label) for field in fields_of(section)],
        )
        for section in FileSection
    ]
