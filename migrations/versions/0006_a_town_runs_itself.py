"""A town runs itself: second factor, kitchens and their counts, menus, messages, announcements, seals of
the journal, erased files."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None
# Tables that this migration may empty, shrink or fill; every other table keeps its number of rows.
ROWS_MAY_CHANGE = ("user_session",)
# Columns of tables that have rows: filled while they are added.
FILLED = {"user_session": ("device",)}
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
    "invoice_issued",
    "invoice_reminder",
    "dispute_decision",
    "dispute_received",
    "payment_receipt",
    "payment_bounced",
    "quotient_warning",
    "message_received",
    "service_message",
    "announcement",
    "second_factor_changed",
    "new_device",
    "attention",
)


def upgrade() -> None:
    # Agents sign in again: from now on with a second factor.
    op.execute("DELETE FROM user_session WHERE user_id IN (SELECT id FROM user_account WHERE kind = 'staff')")
    op.create_table(
        "announcement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=160), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("audience", sa.String(length=300), nullable=False),
        sa.Column("is_service", sa.Boolean(), nullable=False),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.Column("author_name", sa.String(length=160), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submission_key", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcement")),
        sa.UniqueConstraint("submission_key", name=op.f("uq_announcement_submission_key")),
    )
    op.create_table(
        "kitchen",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kitchen")),
        sa.UniqueConstraint("name", name=op.f("uq_kitchen_name")),
    )
    op.create_table(
        "mail_text",
        sa.Column(
            "kind",
            sa.Enum(*MAIL_KINDS, name="mailkind", native_enum=False, create_constraint=True, length=24),
            nullable=False,
        ),
        sa.Column("subject", sa.String(length=160), nullable=False),
        sa.Column("opening", sa.Text(), nullable=False),
        sa.Column("closing", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_mail_text")),
    )
    op.create_table(
        "news",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_news_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_news")),
    )
    op.create_table(
        "conversation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.String(length=160), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "closed",
                name="conversationstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_message_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waits_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("family_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["facility_id"], ["facility.id"], name=op.f("fk_conversation_facility_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name=op.f("fk_conversation_household_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation")),
        sa.UniqueConstraint("reference", name=op.f("uq_conversation_reference")),
    )
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_conversation_facility_id"), ["facility_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_conversation_household_id"), ["household_id"], unique=False)
        batch_op.create_index("ix_conversation_waits", ["waits_since"], unique=False)

    op.create_table(
        "menu",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kitchen_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["kitchen_id"], ["kitchen.id"], name=op.f("fk_menu_kitchen_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_menu")),
        sa.UniqueConstraint("kitchen_id", "day", name=op.f("uq_menu_kitchen_id_day")),
    )
    op.create_table(
        "production_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kitchen_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("days_before", sa.Integer(), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("days_before BETWEEN 0 AND 60", name=op.f("ck_production_step_days_before")),
        sa.CheckConstraint("minute BETWEEN 0 AND 1439", name=op.f("ck_production_step_minute")),
        sa.ForeignKeyConstraint(
            ["kitchen_id"], ["kitchen.id"], name=op.f("fk_production_step_kitchen_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_production_step")),
        sa.UniqueConstraint(
            "kitchen_id",
            "days_before",
            "minute",
            name=op.f("uq_production_step_kitchen_id_days_before_minute"),
        ),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_recovery_code_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_recovery_code_code_hash")),
    )
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recovery_code_user_id"), ["user_id"], unique=False)

    op.create_table(
        "second_factor",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_second_factor_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_second_factor")),
    )
    op.create_table(
        "audit_seal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=True),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("chain_hash", sa.String(length=64), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["audit_event.id"], name=op.f("fk_audit_seal_event_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_seal")),
        sa.UniqueConstraint("chain_hash", name=op.f("uq_audit_seal_chain_hash")),
        sa.UniqueConstraint("event_id", name=op.f("uq_audit_seal_event_id")),
    )
    op.create_table(
        "meal_count",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kitchen_id", sa.Integer(), nullable=False),
        sa.Column("step_id", sa.Integer(), nullable=False),
        sa.Column("step_name", sa.String(length=60), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["kitchen_id"], ["kitchen.id"], name=op.f("fk_meal_count_kitchen_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["step_id"], ["production_step.id"], name=op.f("fk_meal_count_step_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meal_count")),
        sa.UniqueConstraint("step_id", "day", name=op.f("uq_meal_count_step_id_day")),
    )
    with op.batch_alter_table("meal_count", schema=None) as batch_op:
        batch_op.create_index("ix_meal_count_kitchen_day", ["kitchen_id", "day"], unique=False)

    op.create_table(
        "menu_dish",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("menu_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("allergens", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["menu_id"], ["menu.id"], name=op.f("fk_menu_dish_menu_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_menu_dish")),
        sa.UniqueConstraint("menu_id", "position", name=op.f("uq_menu_dish_menu_id_position")),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("is_from_family", sa.Boolean(), nullable=False),
        sa.Column("author_user_id", sa.Integer(), nullable=False),
        sa.Column("author_name", sa.String(length=160), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submission_key", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_user_id"],
            ["user_account.id"],
            name=op.f("fk_message_author_user_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_message_conversation_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("submission_key", name=op.f("uq_message_submission_key")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_message_conversation_id"), ["conversation_id"], unique=False)

    op.create_table(
        "staffing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("adults", sa.Integer(), nullable=False),
        sa.CheckConstraint("adults >= 0", name=op.f("ck_staffing_adults")),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_staffing_activity_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["child_group.id"], name=op.f("fk_staffing_group_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staffing")),
        sa.UniqueConstraint(
            "activity_id", "group_id", "day", name=op.f("uq_staffing_activity_id_group_id_day")
        ),
    )
    with op.batch_alter_table("staffing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staffing_group_id"), ["group_id"], unique=False)
        batch_op.create_index(
            "uq_staffing_whole",
            ["activity_id", "day"],
            unique=True,
            sqlite_where=sa.text("group_id IS NULL"),
            postgresql_where=sa.text("group_id IS NULL"),
        )

    op.create_table(
        "meal_count_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("count_id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("class_name", sa.String(length=80), nullable=False),
        sa.Column("diet", sa.String(length=80), nullable=False),
        sa.Column("meals", sa.Integer(), nullable=False),
        sa.CheckConstraint("meals > 0", name=op.f("ck_meal_count_line_meals")),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_meal_count_line_activity_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["count_id"], ["meal_count.id"], name=op.f("fk_meal_count_line_count_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meal_count_line")),
        sa.UniqueConstraint(
            "count_id",
            "activity_id",
            "class_name",
            "diet",
            name=op.f("uq_meal_count_line_count_id_activity_id_class_name_diet"),
        ),
    )
    with op.batch_alter_table("meal_count_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meal_count_line_activity_id"), ["activity_id"], unique=False)

    op.create_table(
        "message_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("file_key", sa.String(length=80), nullable=False),
        sa.Column("file_name", sa.String(length=160), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_message_file_message_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_file")),
        sa.UniqueConstraint("file_key", name=op.f("uq_message_file_file_key")),
    )
    with op.batch_alter_table("message_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_message_file_message_id"), ["message_id"], unique=False)

    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kitchen_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("children_per_adult", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_activity_kitchen_id"), ["kitchen_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_activity_kitchen_id"), "kitchen", ["kitchen_id"], ["id"], ondelete="RESTRICT"
        )

    with op.batch_alter_table("child", schema=None) as batch_op:
        batch_op.add_column(sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("child_group", schema=None) as batch_op:
        batch_op.add_column(sa.Column("children_per_adult", sa.Integer(), nullable=True))

    with op.batch_alter_table("guardian", schema=None) as batch_op:
        batch_op.add_column(sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("household", schema=None) as batch_op:
        batch_op.add_column(sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("outgoing_mail", schema=None) as batch_op:
        batch_op.add_column(sa.Column("announcement_id", sa.Integer(), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_outgoing_mail_announcement_id"), ["announcement_id"], unique=False
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_outgoing_mail_announcement_id"),
            "announcement",
            ["announcement_id"],
            ["id"],
            ondelete="RESTRICT",
        )

    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("announcements_refused_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("user_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("device", sa.String(length=120), server_default="", nullable=False))
    for table, columns in FILLED.items():  # the models give these values, not the database
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column in columns:
                batch_op.alter_column(column, server_default=None)
    _check("activity", "children_per_adult", "children_per_adult > 0")
    _check("child_group", "children_per_adult", "children_per_adult > 0")
    _allow(
        "staff_member", "role", "staffrole", ("reception", "director", "administrator", "collector", "leader")
    )
    _allow("user_session", "kind", "sessionkind", ("full", "restricted", "code_awaited"))
    _allow("outgoing_mail", "kind", "mailkind", MAIL_KINDS)
    _append_only("meal_count")
    _append_only("meal_count_line")
    _guard_seals()
    _let_erasure_pass()


def _guard_seals() -> None:
    """The salt alone may go."""
    kept = ("id", "event_id", "content_hash", "chain_hash", "sealed_at")
    changed = " OR ".join(f"OLD.{one} IS DISTINCT FROM NEW.{one}" for one in kept)
    for name, act, row, refused in (
        ("audit_seal_frozen", "UPDATE", "NEW", f"(NEW.salt IS NOT NULL OR ({changed}))"),
        ("audit_seal_kept", "DELETE", "OLD", "(OLD.id > 0)"),
    ):
        head = f"CREATE TRIGGER {name} BEFORE {act} ON audit_seal FOR EACH ROW"
        message = "audit_seal is append-only"
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"{head} WHEN {refused} BEGIN SELECT RAISE(ABORT, '{message}'); END")
            continue
        op.execute(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {refused} THEN RAISE '{message}' USING ERRCODE = 'restrict_violation'; END IF; "
            f"RETURN {row}; END $$"
        )
        op.execute(f"{head} EXECUTE FUNCTION {name}()")


def _let_erasure_pass() -> None:
    """PostgreSQL: the guards of what holds something of a person know the tables that are being erased."""
    if op.get_bind().dialect.name == "sqlite":
        return
    opened = (
        "coalesce(TG_TABLE_NAME = ANY(string_to_array(current_setting('portail.erasing', true), ',')), false)"
    )
    op.execute(
        "CREATE OR REPLACE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF TG_OP <> 'UPDATE' OR NOT {opened} THEN "
        "RAISE '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END IF; "
        "RETURN NEW; END $$"
    )
    for name in ("invoice_frozen", "invoice_line_no_update", "payment_frozen", "refund_frozen"):
        source = sa.text("SELECT prosrc FROM pg_proc WHERE proname = :name").bindparams(name=name)
        body = op.get_bind().scalar(source).replace(" THEN RAISE", f" AND NOT {opened} THEN RAISE", 1)
        op.get_bind().exec_driver_sql(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"
        )


def _append_only(table: str) -> None:
    """As 0003 did for the journal; PostgreSQL has the function `refuse_rewriting` since."""
    if op.get_bind().dialect.name == "sqlite":
        for act in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act} BEFORE {act.upper()} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
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
