"""The family file: declared changes, documents, health, authorisations, custody, schools, consents."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

PARIS = ZoneInfo("Europe/Paris")
revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None
# Tables that this migration may empty, shrink or fill; every other table keeps its number of rows.
ROWS_MAY_CHANGE = ("document", "document_category", "document_receipt")
# Columns of tables that have rows: filled while they are added.
FILLED = {
    "child": ("birth_place", "diet", "diet_note"),
    "document_category": ("effect", "validity", "gates_booking", "is_medical"),
    "guardian": ("birth_name", "profession", "iban_holder", "has_secret_contact"),
    "household": ("beneficiary_number",),
    "household_child": ("is_restricted",),
    "household_guardian": ("relationship", "is_legal_guardian"),
    "staff_member": ("can_read_medical",),
}
MAIL_KINDS = (
    "activation",
    "provisional_password",
    "password_changed",
    "booking_receipt",
    "booking_decision",
    "change_decision",
    "document_decision",
    "document_expiry",
    "email_change",
    "email_change_notice",
    "email_changed",
)
REFUSE_REWRITING = {
    "sqlite": (
        "CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event "
        "BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END",
        "CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event "
        "BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE '% is append-only', TG_TABLE_NAME "
        "USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()",
    ),
}
DOCUMENT_OWNERS = ("household", "child", "either")
# What a new town starts with, as it was on the day of this migration; the service edits it on screen.
CHOICES = {
    "family_situation": (
        "En couple",
        "Parent seul",
        "Parents séparés",
        "Garde alternée",
        "Famille recomposée",
        "Famille d’accueil",
        "Tutelle",
    ),
    "relationship": (
        "Mère",
        "Père",
        "Belle-mère",
        "Beau-père",
        "Grand-mère",
        "Grand-père",
        "Sœur ou frère",
        "Tante ou oncle",
        "Assistante maternelle",
        "Voisine ou voisin",
        "Autre",
    ),
    "diet": (
        "Sans porc",
        "Sans viande",
        "Végétarien",
        "Sans poisson",
        "Sans gluten",
        "Sans lactose",
        "Sans arachide",
        "Panier repas fourni par la famille",
    ),
}
DOCUMENT_CATEGORIES = (
    (
        "Justificatif de domicile",
        "Facture d’énergie ou d’eau, bail ou acte de propriété, de moins de trois mois, "
        "au nom d’un adulte du foyer.",
        "household", "none", "months", 12, 3, False, True,
    ),
    (
        "Attestation de ressources annuelles",
        "Attestation de quotient familial de la CAF ou de la MSA, de l’année en cours.",
        "household", "quotient", "calendar_year", None, None, False, False,
    ),
    (
        "Livret de famille",
        "Les pages des parents et des enfants\u00a0: elles prouvent le lien de paren"
        "té. Un seul envoi suffit pour toute la famille.",
        "either", "none", "lasting", None, None, False, True,
    ),
    (
        "Vaccination de l’enfant",
        "Les pages des vaccins du carnet de santé. Enfant né avant 2018\u00a0: diphtérie, tétanos, "
        "poliomyélite. Enfant né depuis 2018\u00a0: tous les vaccins obligatoires du calendrier "
        "(coqueluche, hépatite B, rougeole, oreillons, rubéole, méningocoques…).",
        "child", "none", "lasting", None, None, True, True,
    ),
    (
        "Attestation d’assurance",
        "Attestation de responsabilité civile qui nomme l’enfant, pour l’année scolaire.",
        "child", "none", "school_year", None, None, False, True,
    ),
    (
        "Justificatif d’absence",
        "Certificat médical, acte d’état civil, ou attestation d’absence des parents à leur travail, "
        "pour des jours réservés.",
        "child", "absence", "lasting", None, None, True, False,
    ),
)  # fmt: skip
AUTHORISATIONS = (
    (
        "Peut arriver et repartir seul",
        "Sans cette autorisation, l’enfant attend une personne autorisée.",
        True,
        True,
    ),
    (
        "Peut être photographié ou filmé",
        "Pour les souvenirs et les publications de la commune.",
        False,
        False,
    ),
    (
        "Hospitalisation en cas d’urgence",
        "L’équipe vous prévient toujours, aussitôt qu’elle le peut.",
        False,
        False,
    ),
)


def upgrade() -> None:
    op.create_table(
        "authorisation_type",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("is_per_facility", sa.Boolean(), nullable=False),
        sa.Column("is_safety", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorisation_type")),
        sa.UniqueConstraint("name", name=op.f("uq_authorisation_type_name")),
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("is_required", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        sa.UniqueConstraint("name", name=op.f("uq_consent_name")),
    )
    op.create_table(
        "field_rule",
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("is_shown", sa.Boolean(), nullable=False),
        sa.Column("is_editable", sa.Boolean(), nullable=False),
        sa.Column("is_required", sa.Boolean(), nullable=False),
        sa.Column("needs_control", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("field", name=op.f("pk_field_rule")),
    )
    op.create_table(
        "list_choice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "family_situation",
                "relationship",
                "diet",
                name="choicelist",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_choice")),
        sa.UniqueConstraint("kind", "label", name=op.f("uq_list_choice_kind_label")),
    )
    op.create_table(
        "authorisation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("type_id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=True),
        sa.Column("is_allowed", sa.Boolean(), nullable=False),
        sa.Column("author_name", sa.String(length=160), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_authorisation_child_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_authorisation_facility_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["type_id"], ["authorisation_type.id"], name=op.f("fk_authorisation_type_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorisation")),
    )
    with op.batch_alter_table("authorisation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_authorisation_child_id"), ["child_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_authorisation_facility_id"), ["facility_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_authorisation_type_id"), ["type_id"], unique=False)
        batch_op.create_index(
            "uq_authorisation_current",
            ["child_id", "type_id", "facility_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL AND facility_id IS NOT NULL"),
            postgresql_where=sa.text("ended_at IS NULL AND facility_id IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_authorisation_current_everywhere",
            ["child_id", "type_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL AND facility_id IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL AND facility_id IS NULL"),
        )

    op.create_table(
        "authorised_person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("first_name", sa.String(length=80), nullable=False),
        sa.Column("last_name", sa.String(length=80), nullable=False),
        sa.Column("relationship", sa.String(length=80), nullable=False),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("may_collect", sa.Boolean(), nullable=False),
        sa.Column("is_emergency_contact", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_authorised_person_child_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorised_person")),
    )
    with op.batch_alter_table("authorised_person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_authorised_person_child_id"), ["child_id"], unique=False)

    op.create_table(
        "certification",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("author_user_id", sa.Integer(), nullable=False),
        sa.Column("author_name", sa.String(length=160), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "portal",
                "phone",
                "counter",
                "mail",
                "paper",
                "system",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("certified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_user_id"],
            ["user_account.id"],
            name=op.f("fk_certification_author_user_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["household.id"],
            name=op.f("fk_certification_household_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certification")),
    )
    with op.batch_alter_table("certification", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_certification_household_id"), ["household_id"], unique=False)

    op.create_table(
        "consent_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consent_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["consent_id"], ["consent.id"], name=op.f("fk_consent_version_consent_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_version")),
        sa.UniqueConstraint("consent_id", "number", name=op.f("uq_consent_version_consent_id_number")),
    )
    op.create_table(
        "custody_calendar",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("even_household_id", sa.Integer(), nullable=False),
        sa.Column("odd_household_id", sa.Integer(), nullable=False),
        sa.Column("handover_weekday", sa.Integer(), nullable=False),
        sa.Column(
            "holiday_split",
            sa.Enum(
                "weeks",
                "halves",
                "fortnights",
                name="custodysplit",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "summer_split",
            sa.Enum(
                "weeks",
                "halves",
                "fortnights",
                name="summersplit",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "even_household_id <> odd_household_id", name=op.f("ck_custody_calendar_two_households")
        ),
        sa.CheckConstraint("handover_weekday BETWEEN 0 AND 6", name=op.f("ck_custody_calendar_weekday")),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_custody_calendar_child_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["even_household_id"],
            ["household.id"],
            name=op.f("fk_custody_calendar_even_household_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["odd_household_id"],
            ["household.id"],
            name=op.f("fk_custody_calendar_odd_household_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_calendar")),
        sa.UniqueConstraint("child_id", "valid_from", name=op.f("uq_custody_calendar_child_id_valid_from")),
    )
    with op.batch_alter_table("custody_calendar", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_custody_calendar_even_household_id"), ["even_household_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_custody_calendar_odd_household_id"), ["odd_household_id"], unique=False
        )

    op.create_table(
        "custody_exception",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_custody_exception_order")),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_custody_exception_child_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["household.id"],
            name=op.f("fk_custody_exception_household_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_exception")),
    )
    with op.batch_alter_table("custody_exception", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_custody_exception_child_id"), ["child_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_custody_exception_household_id"), ["household_id"], unique=False)

    op.create_table(
        "document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "submitted",
                "accepted",
                "refused",
                "expired",
                "withdrawn",
                name="documentstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("is_private", sa.Boolean(), nullable=False),
        sa.Column("sender_user_id", sa.Integer(), nullable=True),
        sa.Column("sender_name", sa.String(length=160), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "portal",
                "phone",
                "counter",
                "mail",
                "paper",
                "system",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("upload_key", sa.String(length=64), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column(
            "absence_kind",
            sa.Enum(
                "medical",
                "civil_act",
                "parent_work",
                name="absencekind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("comment", sa.String(length=500), nullable=False),
        sa.Column("file_key", sa.String(length=80), nullable=True),
        sa.Column("file_name", sa.String(length=160), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("page_count", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_user_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reminded_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["document_category.id"],
            name=op.f("fk_document_category_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_document_child_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_user_id"],
            ["user_account.id"],
            name=op.f("fk_document_decided_by_user_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name=op.f("fk_document_household_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["sender_user_id"],
            ["user_account.id"],
            name=op.f("fk_document_sender_user_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("file_key", name=op.f("uq_document_file_key")),
        sa.UniqueConstraint("upload_key", name=op.f("uq_document_upload_key")),
    )
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_document_category_id"), ["category_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_document_child_id"), ["child_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_document_due_at"), ["due_at"], unique=False)
        batch_op.create_index("ix_document_household_state", ["household_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_document_state"), ["state"], unique=False)

    op.create_table(
        "document_category_facility",
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["document_category.id"],
            name=op.f("fk_document_category_facility_category_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"],
            ["facility.id"],
            name=op.f("fk_document_category_facility_facility_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("category_id", "facility_id", name=op.f("pk_document_category_facility")),
    )
    with op.batch_alter_table("document_category_facility", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_document_category_facility_facility_id"), ["facility_id"], unique=False
        )

    op.create_table(
        "email_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("new_email", sa.String(length=254), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_email_change_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_change")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_email_change_token_hash")),
        sa.UniqueConstraint("user_id", name=op.f("uq_email_change_user_id")),
    )
    op.create_table(
        "former_address",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("address_extra", sa.String(length=200), nullable=False),
        sa.Column("postcode", sa.String(length=10), nullable=False),
        sa.Column("city", sa.String(length=100), nullable=False),
        sa.Column(
            "residency",
            sa.Enum(
                "resident",
                "non_resident",
                name="residency",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "valid_from IS NULL OR valid_from <= valid_to", name=op.f("ck_former_address_order")
        ),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["household.id"],
            name=op.f("fk_former_address_household_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_address")),
    )
    with op.batch_alter_table("former_address", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_former_address_household_id"), ["household_id"], unique=False)

    op.create_table(
        "medical_record",
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_medical_record_child_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("child_id", name=op.f("pk_medical_record")),
    )
    op.create_table(
        "school_class",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("school_year", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("teacher", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_school_class_facility_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_school_class")),
        sa.UniqueConstraint(
            "facility_id", "school_year", "name", name=op.f("uq_school_class_facility_id_school_year_name")
        ),
    )
    op.create_table(
        "change_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=True),
        sa.Column("guardian_id", sa.Integer(), nullable=True),
        sa.Column(
            "section",
            sa.Enum(
                "household_address",
                "household_situation",
                "adult_identity",
                "adult_contact",
                "adult_bank",
                "child_identity",
                "child_medical",
                "child_diet",
                "child_people",
                "child_authorisations",
                name="filesection",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("author_user_id", sa.Integer(), nullable=False),
        sa.Column("author_name", sa.String(length=160), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "portal",
                "phone",
                "counter",
                "mail",
                "paper",
                "system",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("submission_key", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_user_id"],
            ["user_account.id"],
            name=op.f("fk_change_request_author_user_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_change_request_child_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["guardian_id"], ["guardian.id"], name=op.f("fk_change_request_guardian_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["household.id"],
            name=op.f("fk_change_request_household_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_request")),
        sa.UniqueConstraint("reference", name=op.f("uq_change_request_reference")),
        sa.UniqueConstraint("submission_key", name=op.f("uq_change_request_submission_key")),
    )
    with op.batch_alter_table("change_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_change_request_child_id"), ["child_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_change_request_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_change_request_guardian_id"), ["guardian_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_change_request_household_id"), ["household_id"], unique=False)

    op.create_table(
        "consent_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("guardian_id", sa.Integer(), nullable=False),
        sa.Column("is_accepted", sa.Boolean(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "portal",
                "phone",
                "counter",
                "mail",
                "paper",
                "system",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["guardian_id"], ["guardian.id"], name=op.f("fk_consent_answer_guardian_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["consent_version.id"],
            name=op.f("fk_consent_answer_version_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_answer")),
    )
    with op.batch_alter_table("consent_answer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consent_answer_guardian_id"), ["guardian_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_consent_answer_version_id"), ["version_id"], unique=False)

    op.create_table(
        "document_page",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("file_key", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_document_page_document_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("document_id", "number", name=op.f("pk_document_page")),
        sa.UniqueConstraint("file_key", name=op.f("uq_document_page_file_key")),
    )
    op.create_table(
        "schooling",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("school_year", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column(
            "level",
            sa.Enum(
                "TPS",
                "PS",
                "MS",
                "GS",
                "CP",
                "CE1",
                "CE2",
                "CM1",
                "CM2",
                "ULIS",
                name="schoollevel",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("class_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_schooling_child_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["class_id"], ["school_class.id"], name=op.f("fk_schooling_class_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_schooling_facility_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schooling")),
        sa.UniqueConstraint("child_id", "school_year", name=op.f("uq_schooling_child_id_school_year")),
    )
    with op.batch_alter_table("schooling", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_schooling_class_id"), ["class_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_schooling_facility_id"), ["facility_id"], unique=False)

    op.create_table(
        "change_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column(
            "subject_kind",
            sa.Enum(
                "household",
                "guardian",
                "child",
                "person",
                name="subjectkind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("is_safety", sa.Boolean(), nullable=False),
        sa.Column("seen_value", sa.Text(), nullable=True),
        sa.Column("wanted_value", sa.Text(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "accepted",
                "refused",
                "withdrawn",
                "replaced",
                name="changestate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_user_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["decided_by_user_id"],
            ["user_account.id"],
            name=op.f("fk_change_line_decided_by_user_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["change_request.id"], name=op.f("fk_change_line_request_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_line")),
    )
    with op.batch_alter_table("change_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_change_line_request_id"), ["request_id"], unique=False)
        batch_op.create_index("ix_change_line_state", ["state"], unique=False)
        batch_op.create_index("ix_change_line_subject", ["subject_kind", "subject_id"], unique=False)
        batch_op.create_index(
            "uq_change_line_pending",
            ["subject_kind", "subject_id", "field"],
            unique=True,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )

    op.create_table(
        "absence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "medical",
                "civil_act",
                "parent_work",
                name="absencekind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "declared",
                "justified",
                "unjustified",
                name="absencestate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("author_name", sa.String(length=160), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_absence_booking_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_absence_document_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
        sa.UniqueConstraint("booking_id", name=op.f("uq_absence_booking_id")),
    )
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_absence_document_id"), ["document_id"], unique=False)

    with op.batch_alter_table("child", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "sex",
                sa.Enum("female", "male", name="sex", native_enum=False, create_constraint=True, length=24),
                nullable=True,
            )
        )
        batch_op.add_column(
            sa.Column("birth_place", sa.String(length=120), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("diet", sa.String(length=80), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("diet_note", sa.String(length=300), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("merged_into_id", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_child_merged_into_id"), ["merged_into_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_child_merged_into_id"), "child", ["merged_into_id"], ["id"], ondelete="RESTRICT"
        )

    with op.batch_alter_table("document_category", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "effect",
                sa.Enum(
                    "none",
                    "quotient",
                    "absence",
                    name="documenteffect",
                    native_enum=False,
                    create_constraint=True,
                    length=24,
                ),
                nullable=False,
                server_default="none",
            )
        )
        batch_op.add_column(
            sa.Column(
                "validity",
                sa.Enum(
                    "lasting",
                    "months",
                    "school_year",
                    "calendar_year",
                    name="documentvalidity",
                    native_enum=False,
                    create_constraint=True,
                    length=24,
                ),
                nullable=False,
                server_default="lasting",
            )
        )
        batch_op.add_column(sa.Column("validity_months", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("max_age_months", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("gates_booking", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("is_medical", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("guardian", schema=None) as batch_op:
        batch_op.add_column(sa.Column("birth_name", sa.String(length=80), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("birth_date", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("profession", sa.String(length=120), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("iban", sa.Text(), nullable=True))
        batch_op.add_column(
            sa.Column("iban_holder", sa.String(length=120), nullable=False, server_default="")
        )
        batch_op.add_column(
            sa.Column("has_secret_contact", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("merged_into_id", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_guardian_merged_into_id"), ["merged_into_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_guardian_merged_into_id"),
            "guardian",
            ["merged_into_id"],
            ["id"],
            ondelete="RESTRICT",
        )

    with op.batch_alter_table("household", schema=None) as batch_op:
        batch_op.alter_column(
            "search_text", existing_type=sa.String(length=400), type_=sa.Text(), existing_nullable=False
        )
        batch_op.add_column(sa.Column("address_since", sa.Date(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "social_fund",
                sa.Enum(
                    "caf",
                    "msa",
                    "other",
                    name="socialfund",
                    native_enum=False,
                    create_constraint=True,
                    length=24,
                ),
                nullable=True,
            )
        )
        batch_op.add_column(
            sa.Column("beneficiary_number", sa.String(length=20), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("import_key", sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column("merged_into_id", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_household_merged_into_id"), ["merged_into_id"], unique=False)
        batch_op.create_unique_constraint(batch_op.f("uq_household_import_key"), ["import_key"])
        batch_op.create_foreign_key(
            batch_op.f("fk_household_merged_into_id"),
            "household",
            ["merged_into_id"],
            ["id"],
            ondelete="RESTRICT",
        )

    with op.batch_alter_table("household_child", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("is_restricted", sa.Boolean(), nullable=False, server_default=sa.false())
        )

    with op.batch_alter_table("household_guardian", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("relationship", sa.String(length=80), nullable=False, server_default="")
        )
        batch_op.add_column(
            sa.Column("is_legal_guardian", sa.Boolean(), nullable=False, server_default=sa.true())
        )

    with op.batch_alter_table("quotient_familial", schema=None) as batch_op:
        batch_op.add_column(sa.Column("document_id", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_quotient_familial_document_id"), ["document_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_quotient_familial_document_id"),
            "document",
            ["document_id"],
            ["id"],
            ondelete="RESTRICT",
        )

    with op.batch_alter_table("staff_member", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("can_read_medical", sa.Boolean(), nullable=False, server_default=sa.false())
        )

    for table, columns in FILLED.items():  # the models give these values, not the database
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column in columns:
                batch_op.alter_column(column, server_default=None)
    _allow("outgoing_mail", "kind", "mailkind", MAIL_KINDS)
    _allow("document_category", "owner", "documentowner", DOCUMENT_OWNERS)
    _make_documents_of_receipts()
    _fill_lists()
    _fill_document_categories()
    for statement in REFUSE_REWRITING[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))


def _make_documents_of_receipts() -> None:
    """A paper seen at the counter becomes an accepted document without file; noon stands for its hour."""
    connection = op.get_bind()
    receipts = sa.Table("document_receipt", sa.MetaData(), autoload_with=connection)
    documents = sa.Table("document", sa.MetaData(), autoload_with=connection)
    sqlite = connection.dialect.name == "sqlite"
    rows = []
    for receipt in connection.execute(sa.select(receipts).order_by(receipts.c.id)):
        seen_at = datetime.combine(receipt.received_on, time(12), PARIS).astimezone(UTC)
        seen_at = seen_at.replace(tzinfo=None) if sqlite else seen_at
        rows.append(
            {
                "category_id": receipt.category_id,
                "household_id": receipt.household_id,
                "child_id": receipt.child_id,
                "state": "accepted",
                "is_private": False,
                "sender_name": "Le service",
                "channel": "counter",
                "submitted_at": seen_at,
                "due_at": seen_at,
                "valid_until": receipt.valid_until,
                "comment": "",
                "file_name": "",
                "size_bytes": 0,
                "page_count": 0,
                "sha256": "",
                "decided_at": seen_at,
                "reason": "",
            }
        )
    if rows:
        connection.execute(documents.insert(), rows)
    op.drop_table("document_receipt")


def _fill_lists() -> None:
    choice = sa.table("list_choice", *map(sa.column, ("kind", "label", "position", "is_active")))
    op.bulk_insert(
        choice,
        [
            {"kind": kind, "label": label, "position": position, "is_active": True}
            for kind, labels in CHOICES.items()
            for position, label in enumerate(labels, start=1)
        ],
    )
    columns = ("name", "description", "is_per_facility", "is_safety", "position", "is_active")
    op.bulk_insert(
        sa.table("authorisation_type", *map(sa.column, columns)),
        [
            dict(zip(columns, (*row, position, True), strict=True))
            for position, row in enumerate(AUTHORISATIONS, start=1)
        ],
    )


def _fill_document_categories() -> None:
    """The six documents of the guide, for a town that asks for none yet."""
    connection = op.get_bind()
    categories = sa.Table("document_category", sa.MetaData(), autoload_with=connection)
    if connection.scalar(sa.select(sa.func.count()).select_from(categories)):
        return
    names = (
        "name", "description", "owner", "effect", "validity", "validity_months", "max_age_months",
        "is_medical", "is_required",
    )  # fmt: skip
    op.bulk_insert(
        categories,
        [
            dict(zip(names, row, strict=True)) | {"gates_booking": False, "is_active": True, "position": rank}
            for rank, row in enumerate(DOCUMENT_CATEGORIES)
        ],
    )


def _allow(table: str, column: str, name: str, values: tuple[str, ...]) -> None:
    """Replace the list of values that a column may hold."""
    listed = ", ".join(f"'{value}'" for value in values)
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
        batch_op.create_check_constraint(op.f(f"ck_{table}_{name}"), sa.text(f"{column} IN ({listed})"))


def downgrade() -> None:
    raise NotImplementedError("Going back is restoring the backup made before the upgrade.")
