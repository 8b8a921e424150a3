"""Direct debits, marks made without a network, what is read by whom."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
# Tables that this migration may empty, shrink or fill; every other table keeps its number of rows.
ROWS_MAY_CHANGE = ("conversation_reading",)
# Columns of tables that have rows: filled while they are added.
FILLED = {
    "activity": ("is_declared",),
    "regie": ("creditor_identifier", "creditor_name", "notice_days"),
}

# PostgreSQL: what an erasure opened in its transaction.
_ERASING = (
    "coalesce(TG_TABLE_NAME = ANY(string_to_array(current_setting('portail.erasing', true), ',')), false)"
)
_MAIL_KINDS = (
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
    "debit_notice",
    "debit_withdrawn",
    "mandate_changed",
    "erasure_notice",
    "attention",
)
_METHODS = (
    "cash",
    "cheque",
    "cesu",
    "ancv",
    "transfer",
    "treasury",
    "online_card",
    "online_debit",
    "direct_debit",
)


def upgrade() -> None:
    _hours_of_slots()
    _direct_debits()
    _what_each_person_read()
    _notices_of_erasure()
    _add_offline_marks()
    for table in ("outgoing_mail", "mail_text"):
        _allow(table, "kind", "mailkind", _MAIL_KINDS)


def _hours_of_slots() -> None:
    """When a presence type begins and ends; which activities are declared to the State."""
    with op.batch_alter_table("presence_type", schema=None) as batch_op:
        batch_op.add_column(sa.Column("starts_minute", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("ends_minute", sa.Integer(), nullable=True))
    with op.batch_alter_table("presence_type", schema=None) as batch_op:
        batch_op.create_check_constraint(
            op.f("ck_presence_type_both_hours"), sa.text("(starts_minute IS NULL) = (ends_minute IS NULL)")
        )
        batch_op.create_check_constraint(
            op.f("ck_presence_type_hours"),
            sa.text("starts_minute >= 0 AND starts_minute < ends_minute AND ends_minute <= 1440"),
        )
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_declared", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("activity", schema=None) as batch_op:  # the model gives it, not the database
        batch_op.alter_column("is_declared", server_default=None)


def _direct_debits() -> None:
    """Mandates, batches and debits; a régie that collects so; a bill that says the day; a way to pay."""
    op.create_table(
        "debit_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("regie_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("collection_day", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "prepared",
                "settled",
                "abandoned",
                name="batchstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("total_cents", sa.Integer(), nullable=False),
        sa.Column("creditor_identifier", sa.String(length=35), nullable=False),
        sa.Column("creditor_name", sa.String(length=70), nullable=False),
        sa.Column("iban", sa.String(length=34), nullable=False),
        sa.Column("bic", sa.String(length=11), nullable=False),
        sa.Column("submission_key", sa.String(length=40), nullable=False),
        sa.Column("author_name", sa.String(length=160), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("abandon_reason", sa.String(length=300), nullable=False),
        sa.CheckConstraint(
            "(state = 'settled') = (settled_on IS NOT NULL)", name=op.f("ck_debit_batch_settled")
        ),
        sa.CheckConstraint(
            "state NOT IN ('prepared', 'settled') OR number IS NOT NULL", name=op.f("ck_debit_batch_prepared")
        ),
        sa.CheckConstraint("(number IS NULL) = (prepared_at IS NULL)", name=op.f("ck_debit_batch_numbered")),
        sa.CheckConstraint("(number IS NULL) = (year IS NULL)", name=op.f("ck_debit_batch_dated")),
        sa.CheckConstraint("number IS NULL OR total_cents > 0", name=op.f("ck_debit_batch_total")),
        sa.ForeignKeyConstraint(
            ["regie_id"], ["regie.id"], name=op.f("fk_debit_batch_regie_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_debit_batch")),
        sa.UniqueConstraint("regie_id", "year", "number", name=op.f("uq_debit_batch_regie_id_year_number")),
        sa.UniqueConstraint("submission_key", name=op.f("uq_debit_batch_submission_key")),
    )
    op.create_table(
        "mandate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=35), nullable=False),
        sa.Column("regie_id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("guardian_id", sa.Integer(), nullable=False),
        sa.Column("holder_name", sa.String(length=70), nullable=False),
        sa.Column("iban", sa.Text(), nullable=True),
        sa.Column("iban_end", sa.String(length=4), nullable=False),
        sa.Column("creditor_identifier", sa.String(length=35), nullable=False),
        sa.Column("creditor_name", sa.String(length=70), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
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
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "active",
                "revoked",
                "lapsed",
                name="mandatestate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("last_used_on", sa.Date(), nullable=True),
        sa.Column("submission_key", sa.String(length=40), nullable=False),
        sa.Column("author_name", sa.String(length=160), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_by_name", sa.String(length=160), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_name", sa.String(length=160), nullable=False),
        sa.Column("end_reason", sa.String(length=300), nullable=False),
        sa.CheckConstraint(
            "(state IN ('revoked', 'lapsed')) = (ended_at IS NOT NULL)", name=op.f("ck_mandate_ended")
        ),
        sa.CheckConstraint("state <> 'active' OR accepted_at IS NOT NULL", name=op.f("ck_mandate_accepted")),
        sa.ForeignKeyConstraint(
            ["guardian_id"], ["guardian.id"], name=op.f("fk_mandate_guardian_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name=op.f("fk_mandate_household_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["regie_id"], ["regie.id"], name=op.f("fk_mandate_regie_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandate")),
        sa.UniqueConstraint("reference", name=op.f("uq_mandate_reference")),
        sa.UniqueConstraint("submission_key", name=op.f("uq_mandate_submission_key")),
    )
    with op.batch_alter_table("mandate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mandate_guardian_id"), ["guardian_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_mandate_household_id"), ["household_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_mandate_regie_id"), ["regie_id"], unique=False)

    op.create_table(
        "debit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("mandate_id", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column(
            "sequence",
            sa.Enum(
                "FRST", "RCUR", name="debitsequence", native_enum=False, create_constraint=True, length=24
            ),
            nullable=False,
        ),
        sa.Column("end_to_end", sa.String(length=35), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "planned",
                "collected",
                "rejected",
                "dropped",
                name="debitstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("payment_id", sa.Integer(), nullable=True),
        sa.Column("reject_code", sa.String(length=4), nullable=False),
        sa.Column("rejected_on", sa.Date(), nullable=True),
        sa.Column("drop_reason", sa.String(length=300), nullable=False),
        sa.CheckConstraint("(state = 'dropped') = (drop_reason <> '')", name=op.f("ck_debit_dropped")),
        sa.CheckConstraint("(state = 'rejected') = (reject_code <> '')", name=op.f("ck_debit_rejected")),
        sa.CheckConstraint("state <> 'collected' OR payment_id IS NOT NULL", name=op.f("ck_debit_collected")),
        sa.CheckConstraint(
            "state NOT IN ('planned', 'dropped') OR payment_id IS NULL", name=op.f("ck_debit_unpaid")
        ),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_debit_amount")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["debit_batch.id"], name=op.f("fk_debit_batch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoice.id"], name=op.f("fk_debit_invoice_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["mandate_id"], ["mandate.id"], name=op.f("fk_debit_mandate_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_debit_payment_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_debit")),
        sa.UniqueConstraint("batch_id", "invoice_id", name=op.f("uq_debit_batch_id_invoice_id")),
        sa.UniqueConstraint("end_to_end", name=op.f("uq_debit_end_to_end")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_debit_payment_id")),
    )
    with op.batch_alter_table("debit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_debit_invoice_id"), ["invoice_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_debit_mandate_id"), ["mandate_id"], unique=False)
        batch_op.create_index(
            "uq_debit_planned",
            ["invoice_id"],
            unique=True,
            sqlite_where=sa.text("state = 'planned'"),
            postgresql_where=sa.text("state = 'planned'"),
        )

    op.add_column("invoice", sa.Column("debit_day", sa.Date(), nullable=True))  # keeps its guards
    with op.batch_alter_table("regie", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("creditor_identifier", sa.String(length=35), server_default="", nullable=False)
        )
        batch_op.add_column(
            sa.Column("creditor_name", sa.String(length=70), server_default="", nullable=False)
        )
        batch_op.add_column(sa.Column("notice_days", sa.Integer(), server_default="14", nullable=False))
    with op.batch_alter_table("regie", schema=None) as batch_op:  # the models give these values
        for column in FILLED["regie"]:
            batch_op.alter_column(column, server_default=None)
        batch_op.create_check_constraint(op.f("ck_regie_notice_days"), sa.text("notice_days > 0"))
    for table in ("payment", "refund", "deposit_slip"):
        _allow(table, "method", "paymentmethod", _METHODS)
    _guard_mandates()
    _guard_debits()


def _what_each_person_read() -> None:
    """Up to which message each adult has read a conversation: what a household had read, its adults have."""
    op.create_table(
        "conversation_reading",
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_conversation_reading_conversation_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["message.id"],
            name=op.f("fk_conversation_reading_message_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_conversation_reading_user_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("conversation_id", "user_id", name=op.f("pk_conversation_reading")),
    )
    with op.batch_alter_table("conversation_reading", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_conversation_reading_user_id"), ["user_id"], unique=False)
    op.execute(
        "INSERT INTO conversation_reading (conversation_id, user_id, message_id, read_at) "
        "SELECT DISTINCT conversation.id, guardian.user_id, "
        "(SELECT max(message.id) FROM message WHERE message.conversation_id = conversation.id), "
        "conversation.family_read_at "
        "FROM conversation "
        "JOIN household_guardian ON household_guardian.household_id = conversation.household_id "
        "JOIN guardian ON guardian.id = household_guardian.guardian_id "
        "WHERE conversation.family_read_at IS NOT NULL AND guardian.user_id IS NOT NULL "
        "AND EXISTS (SELECT 1 FROM message WHERE message.conversation_id = conversation.id)"
    )
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.drop_column("family_read_at")


def _notices_of_erasure() -> None:
    """Which families were told that their file will be erased, and when each account was last opened."""
    op.create_table(
        "last_sign_in",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_last_sign_in_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_last_sign_in")),
    )
    op.create_table(
        "erasure_notice",
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["household.id"],
            name=op.f("fk_erasure_notice_household_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("household_id", "last_day", name=op.f("pk_erasure_notice")),
    )


def _guard_mandates() -> None:
    _guard(
        "mandate_state",
        "mandate",
        "UPDATE",
        _forbidden(
            ("waiting", "active"), ("waiting", "revoked"), ("active", "lapsed"), ("active", "revoked")
        ),
        "mandate: forbidden state",
    )
    signed = _changes(
        "reference", "regie_id", "holder_name", "iban_end", "creditor_identifier", "creditor_name",
        "signed_on", "channel", "submission_key", "author_name", "created_at",
    )  # fmt: skip
    _guard("mandate_frozen", "mandate", "UPDATE", signed, "mandate is signed", is_erasable=True)
    _guard("mandate_kept", "mandate", "DELETE", "(OLD.id > 0)", "mandate is signed")


def _guard_debits() -> None:
    _guard(
        "debit_batch_state",
        "debit_batch",
        "UPDATE",
        _forbidden(
            ("draft", "abandoned"), ("draft", "prepared"), ("prepared", "abandoned"), ("prepared", "settled")
        ),
        "debit batch: forbidden state",
    )
    frozen = _changes(
        "regie_id", "year", "number", "collection_day", "total_cents", "creditor_identifier", "creditor_name",
        "iban", "bic", "prepared_at", "submission_key", "author_name", "created_at",
    )  # fmt: skip
    _guard(
        "debit_batch_frozen",
        "debit_batch",
        "UPDATE",
        f"(OLD.number IS NOT NULL AND {frozen})",
        "debit batch is prepared",
    )
    planned = (
        "(SELECT coalesce(sum(amount_cents), 0) FROM debit WHERE batch_id = NEW.id AND state = 'planned')"
    )
    _guard(
        "debit_batch_total",
        "debit_batch",
        "UPDATE",
        f"(OLD.number IS NULL AND NEW.number IS NOT NULL AND NEW.total_cents <> {planned})",
        "debit batch: the total is not that of its debits",
    )
    _guard("debit_batch_kept", "debit_batch", "DELETE", "(OLD.id > 0)", "debit batch is kept")
    _guard(
        "debit_state",
        "debit",
        "UPDATE",
        _forbidden(
            ("planned", "collected"),
            ("planned", "dropped"),
            ("planned", "rejected"),
            ("collected", "rejected"),
        ),
        "debit: forbidden state",
    )
    asked = _changes("batch_id", "invoice_id", "mandate_id", "amount_cents", "sequence", "end_to_end")
    _guard("debit_frozen", "debit", "UPDATE", asked, "debit is planned")
    of_a_file = "((SELECT state FROM debit_batch WHERE id = NEW.batch_id) <> 'draft')"
    _guard("debit_no_insert", "debit", "INSERT", of_a_file, "debit batch is prepared")
    _guard("debit_kept", "debit", "DELETE", "(OLD.id > 0)", "debit is planned")


def _forbidden(*steps: tuple[str, str]) -> str:
    allowed = " OR ".join(f"(OLD.state = '{before}' AND NEW.state = '{after}')" for before, after in steps)
    return f"(OLD.state <> NEW.state AND NOT ({allowed}))"


def _changes(*columns: str) -> str:
    return "(" + " OR ".join(f"OLD.{one} IS DISTINCT FROM NEW.{one}" for one in columns) + ")"


def _guard(name: str, table: str, act: str, refused: str, message: str, *, is_erasable: bool = False) -> None:
    head = f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"{head} WHEN {refused} BEGIN SELECT RAISE(ABORT, '{message}'); END")
        return
    row = "OLD" if act == "DELETE" else "NEW"
    condition = f"{refused} AND NOT {_ERASING}" if is_erasable else refused
    op.execute(
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {condition} THEN RAISE '{message}' USING ERRCODE = 'restrict_violation'; END IF; "
        f"RETURN {row}; END $$"
    )
    op.execute(f"{head} EXECUTE FUNCTION {name}()")


def _allow(table: str, column: str, name: str, values: tuple[str, ...]) -> None:
    """Replace the list of values that a column may hold. SQLite makes the table anew, without its guards."""
    kept = sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table")
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    guards = list(op.get_bind().scalars(kept, {"table": table})) if is_sqlite else []
    listed = ", ".join(f"'{value}'" for value in values)
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
        batch_op.create_check_constraint(op.f(f"ck_{table}_{name}"), sa.text(f"{column} IN ({listed})"))
    for trigger in guards:
        op.get_bind().exec_driver_sql(trigger)


def _add_offline_marks() -> None:
    """Marks that phones made without a network, each counted once."""

    def mark(name: str, *, nullable: bool) -> sa.Column:
        words = sa.Enum("present", "absent", name=name, native_enum=False, create_constraint=True, length=24)
        return sa.Column(name, words, nullable=nullable)

    def moment(name: str, *, nullable: bool = False) -> sa.Column:
        return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)

    def parent(column: str, table: str) -> sa.ForeignKeyConstraint:
        return sa.ForeignKeyConstraint(
            [column], [f"{table}.id"], name=op.f(f"fk_offline_mark_{column}"), ondelete="RESTRICT"
        )

    states = ("applied", "conflict", "settled", "superseded", "refused", "acknowledged")
    state = sa.Enum(*states, name="offlinestate", native_enum=False, create_constraint=True, length=24)
    op.create_table(
        "offline_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=36), nullable=False),
        sa.Column("device", sa.String(length=36), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("opening_id", sa.Integer(), nullable=False),
        mark("wanted", nullable=False),
        mark("seen_mark", nullable=True),
        moment("seen_at", nullable=True),
        moment("phone_at"),
        moment("made_at"),
        sa.Column("is_clock_sure", sa.Boolean(), nullable=False),
        moment("received_at"),
        sa.Column("author_user_id", sa.Integer(), nullable=False),
        sa.Column("author_name", sa.String(length=160), nullable=False),
        sa.Column("state", state, nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        mark("met_mark", nullable=True),
        sa.Column("met_name", sa.String(length=160), nullable=False),
        moment("met_at", nullable=True),
        moment("left_at", nullable=True),
        sa.Column("settled_by_name", sa.String(length=160), nullable=False),
        moment("settled_at", nullable=True),
        sa.CheckConstraint("(met_mark IS NULL) = (met_at IS NULL)", name=op.f("ck_offline_mark_met")),
        sa.CheckConstraint("state <> 'refused' OR reason <> ''", name=op.f("ck_offline_mark_reason")),
        sa.CheckConstraint("(seen_mark IS NULL) = (seen_at IS NULL)", name=op.f("ck_offline_mark_seen")),
        parent("author_user_id", "user_account"),
        parent("child_id", "child"),
        parent("opening_id", "opening"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offline_mark")),
        sa.UniqueConstraint("key", name=op.f("uq_offline_mark_key")),
    )
    op.create_index("ix_offline_mark_child_id", "offline_mark", ["child_id"])
    op.create_index("ix_offline_mark_opening_child", "offline_mark", ["opening_id", "child_id"])
    op.create_index("ix_offline_mark_state", "offline_mark", ["state", "opening_id"])


def downgrade() -> None:
    raise NotImplementedError("Going back is restoring the backup made before the upgrade.")
