"""Booking at full strength: places by group and part of day, offers, wishes, closures, history, swaps,
feeds."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
# Tables that this migration may empty, shrink or fill; every other table keeps its number of rows.
ROWS_MAY_CHANGE = ()
# Columns of tables that have rows: filled while they are added.
FILLED = {
    "absence": ("explanation",),
    "activity": ("offer_hours",),
    "booking_draft": ("channel", "override_reason"),
    "booking_period": ("places_mode",),
    "booking_request": ("override_reason",),
    "guardian": ("wants_reminders",),
    "opening": ("has_limits",),
    "presence_type": ("parts",),
}
BOOKING_STATES = ("pending", "accepted", "waiting", "refused", "cancelled", "requested", "offered")
ACTIVE = "state IN ('requested', 'pending', 'accepted', 'waiting', 'offered')"
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
    "place_offer",
    "place_lost",
    "closure",
    "absence_receipt",
    "allotment_result",
    "enrolment_decision",
    "custody_swap",
    "booking_reminder",
)
REFUSE_REWRITING = {
    "sqlite": (
        "CREATE TRIGGER booking_event_no_update BEFORE UPDATE ON booking_event "
        "BEGIN SELECT RAISE(ABORT, 'booking_event is append-only'); END",
        "CREATE TRIGGER booking_event_no_delete BEFORE DELETE ON booking_event "
        "BEGIN SELECT RAISE(ABORT, 'booking_event is append-only'); END",
    ),
    "postgresql": (
        "CREATE TRIGGER booking_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON booking_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()",
    ),
}


def upgrade() -> None:
    op.create_table(
        "booking_reminder",
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["facility_id"],
            ["facility.id"],
            name=op.f("fk_booking_reminder_facility_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["household.id"],
            name=op.f("fk_booking_reminder_household_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("household_id", "facility_id", "week", name=op.f("pk_booking_reminder")),
    )
    op.create_table(
        "calendar_feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_calendar_feed_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_feed_token_hash")),
    )
    with op.batch_alter_table("calendar_feed", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_calendar_feed_user_id"), ["user_id"], unique=False)
        batch_op.create_index(
            "uq_calendar_feed_current",
            ["user_id"],
            unique=True,
            sqlite_where=sa.text("revoked_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        )

    op.create_table(
        "child_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("first_age", sa.Integer(), nullable=True),
        sa.Column("last_age", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "first_age IS NULL OR last_age IS NULL OR first_age <= last_age", name=op.f("ck_child_group_ages")
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_child_group_facility_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_child_group")),
        sa.UniqueConstraint("facility_id", "name", name=op.f("uq_child_group_facility_id_name")),
    )
    op.create_table(
        "custody_swap",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("to_household_id", sa.Integer(), nullable=False),
        sa.Column("given_first", sa.Date(), nullable=False),
        sa.Column("given_last", sa.Date(), nullable=False),
        sa.Column("taken_first", sa.Date(), nullable=True),
        sa.Column("taken_last", sa.Date(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "accepted",
                "refused",
                "withdrawn",
                name="swapstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("author_user_id", sa.Integer(), nullable=False),
        sa.Column("author_name", sa.String(length=160), nullable=False),
        sa.Column("submission_key", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_name", sa.String(length=160), nullable=False),
        sa.CheckConstraint(
            "(taken_first IS NULL) = (taken_last IS NULL)", name=op.f("ck_custody_swap_taken_both")
        ),
        sa.CheckConstraint("given_first <= given_last", name=op.f("ck_custody_swap_given")),
        sa.CheckConstraint("household_id <> to_household_id", name=op.f("ck_custody_swap_two_households")),
        sa.CheckConstraint(
            "taken_first IS NULL OR taken_first <= taken_last", name=op.f("ck_custody_swap_taken")
        ),
        sa.ForeignKeyConstraint(
            ["author_user_id"],
            ["user_account.id"],
            name=op.f("fk_custody_swap_author_user_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_custody_swap_child_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name=op.f("fk_custody_swap_household_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["to_household_id"],
            ["household.id"],
            name=op.f("fk_custody_swap_to_household_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_swap")),
        sa.UniqueConstraint("submission_key", name=op.f("uq_custody_swap_submission_key")),
    )
    with op.batch_alter_table("custody_swap", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_custody_swap_child_id"), ["child_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_custody_swap_household_id"), ["household_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_custody_swap_to_household_id"), ["to_household_id"], unique=False
        )

    op.create_table(
        "allotment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("period_id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("criteria", sa.JSON(), nullable=False),
        sa.Column("rulebook_fingerprint", sa.String(length=64), nullable=False),
        sa.Column("author_user_id", sa.Integer(), nullable=False),
        sa.Column("author_name", sa.String(length=160), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_allotment_activity_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["author_user_id"],
            ["user_account.id"],
            name=op.f("fk_allotment_author_user_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["period_id"], ["booking_period.id"], name=op.f("fk_allotment_period_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allotment")),
        sa.UniqueConstraint("period_id", "activity_id", name=op.f("uq_allotment_period_id_activity_id")),
    )
    op.create_table(
        "closure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=True),
        sa.Column("class_id", sa.Integer(), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("cause", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.String(length=160), nullable=False),
        sa.Column("author_user_id", sa.Integer(), nullable=False),
        sa.Column("author_name", sa.String(length=160), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_closure_order")),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_closure_activity_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["author_user_id"],
            ["user_account.id"],
            name=op.f("fk_closure_author_user_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["class_id"], ["school_class.id"], name=op.f("fk_closure_class_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_closure_facility_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closure")),
    )
    with op.batch_alter_table("closure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_closure_facility_id"), ["facility_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_closure_last_day"), ["last_day"], unique=False)

    op.create_table(
        "default_week_day",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("presence_type_id", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column(
            "parity",
            sa.Enum(
                "all", "even", "odd", name="weekparity", native_enum=False, create_constraint=True, length=24
            ),
            nullable=False,
        ),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_default_week_day_weekday")),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_default_week_day_child_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["household.id"],
            name=op.f("fk_default_week_day_household_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["presence_type_id"],
            ["presence_type.id"],
            name=op.f("fk_default_week_day_presence_type_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_default_week_day")),
        sa.UniqueConstraint(
            "child_id",
            "household_id",
            "presence_type_id",
            "weekday",
            "parity",
            name=op.f("uq_default_week_day_child_id_household_id_presence_type_id_weekday_parity"),
        ),
    )
    with op.batch_alter_table("default_week_day", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_default_week_day_household_id"), ["household_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_default_week_day_presence_type_id"), ["presence_type_id"], unique=False
        )

    op.create_table(
        "enrolment_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "accepted",
                "refused",
                "withdrawn",
                name="enrolmentstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("unmet", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=True),
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
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_user_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_enrolment_request_order")),
        sa.ForeignKeyConstraint(
            ["activity_id"],
            ["activity.id"],
            name=op.f("fk_enrolment_request_activity_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["author_user_id"],
            ["user_account.id"],
            name=op.f("fk_enrolment_request_author_user_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_enrolment_request_child_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_user_id"],
            ["user_account.id"],
            name=op.f("fk_enrolment_request_decided_by_user_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"],
            ["enrolment.id"],
            name=op.f("fk_enrolment_request_enrolment_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["household.id"],
            name=op.f("fk_enrolment_request_household_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment_request")),
        sa.UniqueConstraint("reference", name=op.f("uq_enrolment_request_reference")),
        sa.UniqueConstraint("submission_key", name=op.f("uq_enrolment_request_submission_key")),
    )
    with op.batch_alter_table("enrolment_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enrolment_request_child_id"), ["child_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_enrolment_request_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_enrolment_request_household_id"), ["household_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_enrolment_request_state"), ["state"], unique=False)
        batch_op.create_index(
            "uq_enrolment_request_pending",
            ["child_id", "activity_id"],
            unique=True,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )

    op.create_table(
        "place_limit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("opening_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("booked", sa.Integer(), nullable=False),
        sa.CheckConstraint("booked BETWEEN 0 AND capacity", name=op.f("ck_place_limit_places")),
        sa.CheckConstraint("part > 0 OR group_id IS NOT NULL", name=op.f("ck_place_limit_narrows")),
        sa.CheckConstraint("part IN (0, 1, 2, 4)", name=op.f("ck_place_limit_part")),
        sa.ForeignKeyConstraint(
            ["group_id"], ["child_group.id"], name=op.f("fk_place_limit_group_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["opening_id"], ["opening.id"], name=op.f("fk_place_limit_opening_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_limit")),
    )
    with op.batch_alter_table("place_limit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_place_limit_group_id"), ["group_id"], unique=False)
        batch_op.create_index(
            "uq_place_limit_everybody",
            ["opening_id", "part"],
            unique=True,
            sqlite_where=sa.text("group_id IS NULL"),
            postgresql_where=sa.text("group_id IS NULL"),
        )
        batch_op.create_index(
            "uq_place_limit_group",
            ["opening_id", "part", "group_id"],
            unique=True,
            sqlite_where=sa.text("group_id IS NOT NULL"),
            postgresql_where=sa.text("group_id IS NOT NULL"),
        )

    op.create_table(
        "allotment_rank",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("allotment_id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("is_admitted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["allotment_id"],
            ["allotment.id"],
            name=op.f("fk_allotment_rank_allotment_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_allotment_rank_booking_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allotment_rank")),
        sa.UniqueConstraint("booking_id", name=op.f("uq_allotment_rank_booking_id")),
    )
    with op.batch_alter_table("allotment_rank", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_allotment_rank_allotment_id"), ["allotment_id"], unique=False)

    op.create_table(
        "booking_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "accepted",
                "waiting",
                "refused",
                "cancelled",
                "requested",
                "offered",
                name="bookingstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("actor_user_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(length=160), nullable=False),
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
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("closure_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["actor_user_id"],
            ["user_account.id"],
            name=op.f("fk_booking_event_actor_user_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_booking_event_booking_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["household.id"],
            name=op.f("fk_booking_event_household_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["closure_id"], ["closure.id"], name=op.f("fk_booking_event_closure_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_event")),
    )
    with op.batch_alter_table("booking_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_booking_event_booking_id"), ["booking_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_booking_event_closure_id"), ["closure_id"], unique=False)

    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("explanation", sa.JSON(), nullable=False, server_default=sa.text("'[]'"))
        )
        batch_op.alter_column("kind", existing_type=sa.VARCHAR(length=24), nullable=True)

    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.add_column(sa.Column("waiting_places", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("offer_hours", sa.Integer(), nullable=False, server_default=sa.text("24"))
        )

    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.add_column(sa.Column("group_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("waiting_order", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("offer_expires_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("due_cents", sa.Integer(), nullable=True))
        batch_op.drop_index("uq_booking_active")
        batch_op.create_index(
            "ix_booking_offer",
            ["offer_expires_at"],
            unique=False,
            sqlite_where=sa.text("offer_expires_at IS NOT NULL"),
            postgresql_where=sa.text("offer_expires_at IS NOT NULL"),
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_booking_group_id"), "child_group", ["group_id"], ["id"], ondelete="RESTRICT"
        )

    with op.batch_alter_table("booking_draft", schema=None) as batch_op:
        batch_op.add_column(
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
                server_default="portal",
            )
        )
        batch_op.add_column(
            sa.Column("override_reason", sa.String(length=300), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("default_week", sa.JSON(none_as_null=True), nullable=True))

    with op.batch_alter_table("booking_period", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "places_mode",
                sa.Enum(
                    "first_come",
                    "allotment",
                    name="placesmode",
                    native_enum=False,
                    create_constraint=True,
                    length=24,
                ),
                nullable=False,
                server_default="first_come",
            )
        )
        batch_op.add_column(sa.Column("allotted_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("booking_request", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("override_reason", sa.String(length=300), nullable=False, server_default="")
        )

    with op.batch_alter_table("custody_exception", schema=None) as batch_op:
        batch_op.add_column(sa.Column("swap_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_custody_exception_swap_id"),
            "custody_swap",
            ["swap_id"],
            ["id"],
            ondelete="RESTRICT",
        )

    with op.batch_alter_table("enrolment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("activity_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("group_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_enrolment_activity_id"), "activity", ["activity_id"], ["id"], ondelete="RESTRICT"
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_enrolment_group_id"), "child_group", ["group_id"], ["id"], ondelete="RESTRICT"
        )

    with op.batch_alter_table("guardian", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("wants_reminders", sa.Boolean(), nullable=False, server_default=sa.true())
        )

    with op.batch_alter_table("opening", schema=None) as batch_op:
        batch_op.add_column(sa.Column("has_limits", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("presence_type", schema=None) as batch_op:
        batch_op.add_column(sa.Column("parts", sa.Integer(), nullable=False, server_default=sa.text("7")))

    for table, columns in FILLED.items():  # the models give these values, not the database
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column in columns:
                batch_op.alter_column(column, server_default=None)
    _check("activity", "waiting_places", "waiting_places IS NULL OR waiting_places > 0")
    _check("activity", "offer_hours", "offer_hours > 0")
    _check("presence_type", "parts", "parts BETWEEN 1 AND 7")
    _allow("booking", "state", "bookingstate", BOOKING_STATES)
    _check("booking", "offer", "(state = 'offered') = (offer_expires_at IS NOT NULL)")
    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.create_index(
            "uq_booking_active",
            ["child_id", "opening_id"],
            unique=True,
            sqlite_where=sa.text(ACTIVE),
            postgresql_where=sa.text(ACTIVE),
        )
    _allow("outgoing_mail", "kind", "mailkind", MAIL_KINDS)
    _take_parts_of_the_day()
    _begin_histories()
    for statement in REFUSE_REWRITING[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))


def _take_parts_of_the_day() -> None:
    """Before school is the morning, a meal the meal, after school the afternoon; a day takes all three."""
    connection = op.get_bind()
    for kind, parts in (("morning", 1), ("meal", 2), ("evening", 4)):
        connection.execute(
            sa.text(
                "UPDATE presence_type SET parts = :parts "
                "WHERE activity_id IN (SELECT id FROM activity WHERE kind = :kind)"
            ),
            {"parts": parts, "kind": kind},
        )


def _begin_histories() -> None:
    """What became of a booking before its history was kept is its request's; the history starts from
    there."""
    op.execute(
        sa.text(
            "INSERT INTO booking_event (booking_id, household_id, at, state, actor_name, channel, reason) "
            "SELECT id, household_id, updated_at, state, '', 'system', '' FROM booking ORDER BY id"
        )
    )


def _check(table: str, name: str, condition: str) -> None:
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.create_check_constraint(op.f(f"ck_{table}_{name}"), sa.text(condition))


def _allow(table: str, column: str, name: str, values: tuple[str, ...]) -> None:
    """Replace the list of values that a column may hold."""
    listed = ", ".join(f"'{value}'" for value in values)
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
        batch_op.create_check_constraint(op.f(f"ck_{table}_{name}"), sa.text(f"{column} IN ({listed})"))


def downgrade() -> None:
    raise NotImplementedError("Going back is restoring the backup made before the upgrade.")
