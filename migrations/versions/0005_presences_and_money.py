"""Presences and money: régies, attendance, billing of a month, bills that never change, payments."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None
# Tables that this migration may empty, shrink or fill; every other table keeps its number of rows.
ROWS_MAY_CHANGE = ()
# Columns of tables that have rows: filled while they are added.
FILLED = {}

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
)
STEPS = (
    ("draft", "carried"),
    ("draft", "settled"),
    ("draft", "unsettled"),
    ("unsettled", "cancelled"),
    ("unsettled", "paid_online"),
    ("unsettled", "partial"),
    ("unsettled", "paying"),
    ("unsettled", "settled"),
    ("paying", "cancelled"),
    ("paying", "paid_online"),
    ("paying", "partial"),
    ("paying", "settled"),
    ("paying", "unsettled"),
    ("paid_online", "cancelled"),
    ("paid_online", "partial"),
    ("paid_online", "paying"),
    ("paid_online", "settled"),
    ("paid_online", "unsettled"),
    ("partial", "cancelled"),
    ("partial", "paid_online"),
    ("partial", "paying"),
    ("partial", "settled"),
    ("partial", "unsettled"),
    ("settled", "cancelled"),
    ("settled", "partial"),
    ("settled", "paying"),
    ("settled", "unsettled"),
)
PAYMENT_STEPS = (
    ("valid", "bounced"),
    ("valid", "cancelled"),
)
ONLINE_STEPS = (
    ("created", "expired"),
    ("created", "pending"),
    ("pending", "cancelled"),
    ("pending", "expired"),
    ("pending", "paid"),
    ("pending", "refused"),
    ("pending", "to_check"),
    ("to_check", "cancelled"),
    ("to_check", "expired"),
    ("to_check", "paid"),
    ("to_check", "refused"),
    ("refused", "paid"),
    ("refused", "to_check"),
    ("cancelled", "paid"),
    ("cancelled", "to_check"),
    ("expired", "paid"),
    ("expired", "to_check"),
)


def _forbidden(steps: tuple[tuple[str, str], ...]) -> str:
    allowed = " OR ".join(f"(OLD.state = '{before}' AND NEW.state = '{after}')" for before, after in steps)
    return f"(OLD.state <> NEW.state AND NOT ({allowed}))"


def _changes(*columns: str) -> str:
    return "(" + " OR ".join(f"OLD.{one} IS DISTINCT FROM NEW.{one}" for one in columns) + ")"


_FROZEN = _changes(
    "regie_id", "run_id", "kind", "corrects_id", "month", "year", "number", "reference", "recipient_name",
    "recipient_address", "issue_day", "due_day", "total_cents", "created_at",
)  # fmt: skip
_FROZEN_LINE = _changes(
    "invoice_id", "position", "kind", "activity_id", "booking_id", "day", "label", "amount_cents",
    "rulebook_version_id", "quotient_hundredths", "carried_from_id", "corrects_line_id",
)  # fmt: skip
_FROZEN_PAYMENT = _changes(
    "regie_id", "method", "amount_cents", "received_on", "reference", "submission_key", "author_name",
    "created_at",
)  # fmt: skip
_FROZEN_REFUND = _changes(
    "payment_id", "amount_cents", "method", "refunded_on", "reason", "reference", "submission_key",
    "author_name", "created_at",
)  # fmt: skip
_DEPOSITED = (
    "(OLD.deposit_slip_id IS NOT NULL AND ((OLD.deposit_slip_id IS DISTINCT FROM NEW.deposit_slip_id) "
    "OR (NEW.state = 'cancelled' AND OLD.state <> 'cancelled')))"
)
_LINES = "(SELECT coalesce(sum(amount_cents), 0) FROM invoice_line WHERE invoice_id = NEW.id)"
_TOTAL = f"(OLD.state = 'draft' AND NEW.state <> 'draft' AND NEW.total_cents <> {_LINES})"
_ISSUED = "((SELECT state FROM invoice WHERE id = {row}.invoice_id) <> 'draft')"
# What closures took off the bill, as far as the rows still tell: nothing of what was not accepted yet, nor of
# an absence, of which a part may have been given back before.
_CREDITS = """
UPDATE booking_event SET credit_cents = CASE
    WHEN COALESCE(
        (
            SELECT former.state FROM booking_event AS former
            WHERE former.booking_id = booking_event.booking_id AND former.closure_id IS NULL
            ORDER BY former.id DESC LIMIT 1
        ),
        'accepted'
    ) = 'accepted'
    AND NOT EXISTS (SELECT 1 FROM absence WHERE absence.booking_id = booking_event.booking_id)
    THEN (
        SELECT COALESCE(booking.price_cents, 0) - COALESCE(booking.due_cents, 0)
        FROM booking WHERE booking.id = booking_event.booking_id
    )
    ELSE 0 END
WHERE closure_id IS NOT NULL
"""
# Name, table, act, what is refused, in which words.
GUARDS = (
    (
        "invoice_state",
        "invoice",
        "UPDATE",
        _forbidden(STEPS),
        "invoice: forbidden state",
    ),
    ("invoice_total", "invoice", "UPDATE", _TOTAL, "invoice: the total is not that of its lines"),
    ("invoice_frozen", "invoice", "UPDATE", f"(OLD.state <> 'draft' AND {_FROZEN})", "invoice is issued"),
    ("invoice_kept", "invoice", "DELETE", "(OLD.state <> 'draft')", "invoice is issued"),
    ("invoice_line_no_insert", "invoice_line", "INSERT", _ISSUED.format(row="NEW"), "invoice is issued"),
    (
        "invoice_line_no_update",
        "invoice_line",
        "UPDATE",
        f"({_ISSUED.format(row='OLD')} AND ({_FROZEN_LINE} "
        "OR CAST(OLD.explanation AS TEXT) IS DISTINCT FROM CAST(NEW.explanation AS TEXT)))",
        "invoice is issued",
    ),
    ("invoice_line_no_delete", "invoice_line", "DELETE", _ISSUED.format(row="OLD"), "invoice is issued"),
    ("payment_state", "payment", "UPDATE", _forbidden(PAYMENT_STEPS), "payment: forbidden state"),
    ("payment_frozen", "payment", "UPDATE", _FROZEN_PAYMENT, "payment is received"),
    ("payment_locked", "payment", "UPDATE", _DEPOSITED, "payment is deposited"),
    ("payment_kept", "payment", "DELETE", "(OLD.id > 0)", "payment is received"),
    (
        "refund_frozen",
        "refund",
        "UPDATE",
        f"(OLD.cancelled_at IS NOT NULL OR {_FROZEN_REFUND})",
        "refund is made",
    ),
    ("refund_kept", "refund", "DELETE", "(OLD.id > 0)", "refund is made"),
    (
        "online_payment_state",
        "online_payment",
        "UPDATE",
        _forbidden(ONLINE_STEPS),
        "online payment: forbidden state",
    ),
    (
        "online_payment_frozen",
        "online_payment",
        "UPDATE",
        _changes("key", "regie_id", "refdet", "mode", "client", "amount_cents", "created_at"),
        "online payment is asked",
    ),
)


def guard(name: str, table: str, act: str, refused: str, message: str) -> None:
    head = f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"{head} WHEN {refused} BEGIN SELECT RAISE(ABORT, '{message}'); END")
        return
    row = "OLD" if act == "DELETE" else "NEW"
    op.execute(
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {refused} THEN "
        f"RAISE '{message}' USING ERRCODE = 'restrict_violation'; END IF; RETURN {row}; END $$"
    )
    op.execute(f"{head} EXECUTE FUNCTION {name}()")


def upgrade() -> None:
    op.create_table(
        "regie",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("payment_terms", sa.Text(), nullable=False),
        sa.Column("iban", sa.String(length=34), nullable=False),
        sa.Column("bic", sa.String(length=11), nullable=False),
        sa.Column("due_days", sa.Integer(), nullable=False),
        sa.Column("payfip_client", sa.String(length=6), nullable=False),
        sa.Column(
            "online_mode",
            sa.Enum(
                "off",
                "test",
                "activation",
                "production",
                name="onlinemode",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("treasury_post", sa.String(length=7), nullable=False),
        sa.Column("collectivity_code", sa.String(length=3), nullable=False),
        sa.Column("budget_code", sa.String(length=2), nullable=False),
        sa.Column("accounting_article", sa.String(length=20), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("due_days > 0", name=op.f("ck_regie_due_days")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regie")),
        sa.UniqueConstraint("code", name=op.f("uq_regie_code")),
        sa.UniqueConstraint("name", name=op.f("uq_regie_name")),
    )
    op.create_table(
        "billing_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("regie_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "preparing",
                "draft",
                "issued",
                name="runstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("author_name", sa.String(length=160), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issued_by_name", sa.String(length=160), nullable=False),
        sa.Column("issue_day", sa.Date(), nullable=True),
        sa.Column("due_day", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(state = 'issued') = (issued_at IS NOT NULL)", name=op.f("ck_billing_run_issued")
        ),
        sa.ForeignKeyConstraint(
            ["regie_id"], ["regie.id"], name=op.f("fk_billing_run_regie_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_run")),
        sa.UniqueConstraint("regie_id", "month", name=op.f("uq_billing_run_regie_id_month")),
    )
    op.create_table(
        "invoice_sequence",
        sa.Column("regie_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["regie_id"], ["regie.id"], name=op.f("fk_invoice_sequence_regie_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("regie_id", "year", name=op.f("pk_invoice_sequence")),
    )
    op.create_table(
        "deposit_slip",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("regie_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "method",
            sa.Enum(
                "cash",
                "cheque",
                "cesu",
                "ancv",
                "transfer",
                "treasury",
                "online_card",
                "online_debit",
                name="paymentmethod",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("total_cents", sa.Integer(), nullable=False),
        sa.Column("deposited_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("submission_key", sa.String(length=40), nullable=False),
        sa.Column("author_name", sa.String(length=160), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("total_cents > 0", name=op.f("ck_deposit_slip_total")),
        sa.ForeignKeyConstraint(
            ["regie_id"], ["regie.id"], name=op.f("fk_deposit_slip_regie_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit_slip")),
        sa.UniqueConstraint("regie_id", "year", "number", name=op.f("uq_deposit_slip_regie_id_year_number")),
        sa.UniqueConstraint("submission_key", name=op.f("uq_deposit_slip_submission_key")),
    )
    op.create_table(
        "payment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("regie_id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column(
            "method",
            sa.Enum(
                "cash",
                "cheque",
                "cesu",
                "ancv",
                "transfer",
                "treasury",
                "online_card",
                "online_debit",
                name="paymentmethod",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "valid",
                "cancelled",
                "bounced",
                name="paymentstate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("allocated_cents", sa.Integer(), nullable=False),
        sa.Column("refunded_cents", sa.Integer(), nullable=False),
        sa.Column("deposit_slip_id", sa.Integer(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("submission_key", sa.String(length=40), nullable=False),
        sa.Column("author_name", sa.String(length=160), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_by_name", sa.String(length=160), nullable=False),
        sa.Column("cancel_reason", sa.String(length=300), nullable=False),
        sa.CheckConstraint("(state = 'valid') = (cancelled_at IS NULL)", name=op.f("ck_payment_cancelled")),
        sa.CheckConstraint(
            "state = 'valid' OR allocated_cents + refunded_cents = 0",
            name=op.f("ck_payment_cancelled_pays_nothing"),
        ),
        sa.CheckConstraint("allocated_cents >= 0 AND refunded_cents >= 0", name=op.f("ck_payment_used")),
        sa.CheckConstraint(
            "allocated_cents + refunded_cents <= amount_cents", name=op.f("ck_payment_not_overused")
        ),
        sa.ForeignKeyConstraint(
            ["deposit_slip_id"],
            ["deposit_slip.id"],
            name=op.f("fk_payment_deposit_slip_id"),
            ondelete="RESTRICT",
        ),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_payment_amount")),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name=op.f("fk_payment_household_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["regie_id"], ["regie.id"], name=op.f("fk_payment_regie_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("submission_key", name=op.f("uq_payment_submission_key")),
    )
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payment_deposit_slip_id"), ["deposit_slip_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_payment_household_id"), ["household_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_payment_regie_id"), ["regie_id"], unique=False)

    op.create_table(
        "invoice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("regie_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "invoice",
                "credit_note",
                name="invoicekind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("corrects_id", sa.Integer(), nullable=True),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "carried",
                "unsettled",
                "paying",
                "paid_online",
                "partial",
                "settled",
                "cancelled",
                name="invoicestate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("reference", sa.String(length=30), nullable=True),
        sa.Column("recipient_name", sa.String(length=200), nullable=False),
        sa.Column("recipient_address", sa.Text(), nullable=False),
        sa.Column("issue_day", sa.Date(), nullable=True),
        sa.Column("due_day", sa.Date(), nullable=True),
        sa.Column("total_cents", sa.Integer(), nullable=False),
        sa.Column("credited_cents", sa.Integer(), nullable=False),
        sa.Column("settled_cents", sa.Integer(), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'credit_note') = (corrects_id IS NOT NULL)", name=op.f("ck_invoice_corrects")
        ),
        sa.CheckConstraint(
            "(state IN ('draft', 'carried')) = (number IS NULL)", name=op.f("ck_invoice_numbered")
        ),
        sa.CheckConstraint("(number IS NULL) = (issue_day IS NULL)", name=op.f("ck_invoice_dated")),
        sa.CheckConstraint("(number IS NULL) = (reference IS NULL)", name=op.f("ck_invoice_referenced")),
        sa.CheckConstraint(
            "settled_cents + credited_cents <= total_cents OR settled_cents + credited_cents = 0",
            name=op.f("ck_invoice_not_overpaid"),
        ),
        sa.CheckConstraint("settled_cents >= 0 AND credited_cents >= 0", name=op.f("ck_invoice_settled")),
        sa.ForeignKeyConstraint(
            ["corrects_id"], ["invoice.id"], name=op.f("fk_invoice_corrects_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name=op.f("fk_invoice_household_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["regie_id"], ["regie.id"], name=op.f("fk_invoice_regie_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["billing_run.id"], name=op.f("fk_invoice_run_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("reference", name=op.f("uq_invoice_reference")),
        sa.UniqueConstraint("regie_id", "year", "number", name=op.f("uq_invoice_regie_id_year_number")),
    )
    with op.batch_alter_table("invoice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invoice_corrects_id"), ["corrects_id"], unique=False)
        batch_op.create_index("ix_invoice_household", ["household_id", "month"], unique=False)
        batch_op.create_index(batch_op.f("ix_invoice_run_id"), ["run_id"], unique=False)

    op.create_table(
        "payment_allocation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_payment_allocation_amount")),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoice.id"], name=op.f("fk_payment_allocation_invoice_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_payment_allocation_payment_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_allocation")),
        sa.UniqueConstraint(
            "payment_id", "invoice_id", name=op.f("uq_payment_allocation_payment_id_invoice_id")
        ),
    )
    with op.batch_alter_table("payment_allocation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payment_allocation_invoice_id"), ["invoice_id"], unique=False)

    op.create_table(
        "attendance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("opening_id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("presence_type_id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=True),
        sa.Column(
            "mark",
            sa.Enum(
                "present",
                "absent",
                name="attendancemark",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("arrived_minute", sa.Integer(), nullable=True),
        sa.Column("left_minute", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("author_user_id", sa.Integer(), nullable=False),
        sa.Column("author_name", sa.String(length=160), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("arrived_minute <= left_minute", name=op.f("ck_attendance_order")),
        sa.CheckConstraint("arrived_minute BETWEEN 0 AND 1439", name=op.f("ck_attendance_arrived")),
        sa.CheckConstraint("left_minute BETWEEN 0 AND 1439", name=op.f("ck_attendance_left")),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_attendance_activity_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["author_user_id"],
            ["user_account.id"],
            name=op.f("fk_attendance_author_user_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_attendance_booking_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_attendance_child_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name=op.f("fk_attendance_household_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["opening_id"], ["opening.id"], name=op.f("fk_attendance_opening_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["presence_type_id"],
            ["presence_type.id"],
            name=op.f("fk_attendance_presence_type_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance")),
        sa.UniqueConstraint("child_id", "opening_id", name=op.f("uq_attendance_child_id_opening_id")),
    )
    with op.batch_alter_table("attendance", schema=None) as batch_op:
        batch_op.create_index("ix_attendance_activity_day", ["activity_id", "day"], unique=False)
        batch_op.create_index(batch_op.f("ix_attendance_booking_id"), ["booking_id"], unique=False)
        batch_op.create_index("ix_attendance_household_day", ["household_id", "day"], unique=False)
        batch_op.create_index(batch_op.f("ix_attendance_opening_id"), ["opening_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_attendance_presence_type_id"), ["presence_type_id"], unique=False
        )

    op.create_table(
        "billing_finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "unmarked",
                "unpriced",
                "no_regie",
                "quotient",
                "unusual",
                "negative",
                "difference",
                name="findingkind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("is_blocking", sa.Boolean(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_billing_finding_booking_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["household.id"],
            name=op.f("fk_billing_finding_household_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["billing_run.id"], name=op.f("fk_billing_finding_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_finding")),
    )
    with op.batch_alter_table("billing_finding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_billing_finding_household_id"), ["household_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_billing_finding_run_id"), ["run_id"], unique=False)

    op.create_table(
        "invoice_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "presence",
                "absence",
                "adjustment",
                "carried",
                "correction",
                name="invoicelinekind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("child_id", sa.Integer(), nullable=True),
        sa.Column("activity_id", sa.Integer(), nullable=True),
        sa.Column("booking_id", sa.Integer(), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("explanation", sa.JSON(), nullable=False),
        sa.Column("rulebook_version_id", sa.Integer(), nullable=True),
        sa.Column("quotient_hundredths", sa.Integer(), nullable=True),
        sa.Column("carried_from_id", sa.Integer(), nullable=True),
        sa.Column("corrects_line_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activity.id"], name=op.f("fk_invoice_line_activity_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_invoice_line_booking_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["carried_from_id"],
            ["invoice.id"],
            name=op.f("fk_invoice_line_carried_from_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["child_id"], ["child.id"], name=op.f("fk_invoice_line_child_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["corrects_line_id"],
            ["invoice_line.id"],
            name=op.f("fk_invoice_line_corrects_line_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_line_invoice_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["rulebook_version_id"],
            ["rulebook_version.id"],
            name=op.f("fk_invoice_line_rulebook_version_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_line")),
        sa.UniqueConstraint("invoice_id", "position", name=op.f("uq_invoice_line_invoice_id_position")),
    )
    with op.batch_alter_table("invoice_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invoice_line_booking_id"), ["booking_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_invoice_line_carried_from_id"), ["carried_from_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_invoice_line_child_id"), ["child_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_invoice_line_corrects_line_id"), ["corrects_line_id"], unique=False
        )

    op.create_table(
        "line_dispute",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("author_user_id", sa.Integer(), nullable=False),
        sa.Column("author_name", sa.String(length=160), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "accepted",
                "refused",
                name="disputestate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by_name", sa.String(length=160), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'open') = (answered_at IS NULL)", name=op.f("ck_line_dispute_answered")),
        sa.ForeignKeyConstraint(
            ["author_user_id"],
            ["user_account.id"],
            name=op.f("fk_line_dispute_author_user_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name=op.f("fk_line_dispute_household_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["line_id"], ["invoice_line.id"], name=op.f("fk_line_dispute_line_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_dispute")),
    )
    with op.batch_alter_table("line_dispute", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_line_dispute_household_id"), ["household_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_line_dispute_line_id"), ["line_id"], unique=False)
        batch_op.create_index(
            "uq_line_dispute_open",
            ["line_id"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "reminder_level",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 3", name=op.f("ck_reminder_level_level")),
        sa.PrimaryKeyConstraint("level", name=op.f("pk_reminder_level")),
    )
    op.create_table(
        "treasury_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("author_name", sa.String(length=160), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_treasury_import")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_treasury_import_fingerprint")),
    )
    op.create_table(
        "quotient_warning",
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("season", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number BETWEEN 1 AND 3", name=op.f("ck_quotient_warning_number")),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["household.id"],
            name=op.f("fk_quotient_warning_household_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("household_id", "season", "number", name=op.f("pk_quotient_warning")),
    )
    op.create_table(
        "invoice_reminder",
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_reminder_invoice_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("invoice_id", "level", name=op.f("pk_invoice_reminder")),
    )
    op.create_table(
        "online_payment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("regie_id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("refdet", sa.String(length=30), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=True),
        sa.Column(
            "mode",
            sa.Enum(
                "off",
                "test",
                "activation",
                "production",
                name="onlinemode",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("client", sa.String(length=6), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "created",
                "pending",
                "paid",
                "refused",
                "cancelled",
                "expired",
                "to_check",
                name="onlinestate",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("result_code", sa.String(length=20), nullable=False),
        sa.Column("authorisation", sa.String(length=60), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("payment_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checks", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'paid') = (payment_id IS NOT NULL)", name=op.f("ck_online_payment_paid")
        ),
        sa.CheckConstraint(
            "state IN ('created', 'expired') OR operation IS NOT NULL", name=op.f("ck_online_payment_asked")
        ),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_online_payment_amount")),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["household.id"],
            name=op.f("fk_online_payment_household_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_online_payment_payment_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["regie_id"], ["regie.id"], name=op.f("fk_online_payment_regie_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_online_payment_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_online_payment")),
        sa.UniqueConstraint("key", name=op.f("uq_online_payment_key")),
        sa.UniqueConstraint("operation", name=op.f("uq_online_payment_operation")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_online_payment_payment_id")),
        sa.UniqueConstraint("refdet", name=op.f("uq_online_payment_refdet")),
    )
    with op.batch_alter_table("online_payment", schema=None) as batch_op:
        batch_op.create_index("ix_online_payment_due", ["state", "next_check_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_online_payment_household_id"), ["household_id"], unique=False)

    op.create_table(
        "refund",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column(
            "method",
            sa.Enum(
                "cash",
                "cheque",
                "cesu",
                "ancv",
                "transfer",
                "treasury",
                "online_card",
                "online_debit",
                name="paymentmethod",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("refunded_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("submission_key", sa.String(length=40), nullable=False),
        sa.Column("author_name", sa.String(length=160), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_by_name", sa.String(length=160), nullable=False),
        sa.Column("cancel_reason", sa.String(length=300), nullable=False),
        sa.CheckConstraint("(cancelled_at IS NULL) = (cancel_reason = '')", name=op.f("ck_refund_cancelled")),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_refund_amount")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_refund_payment_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("submission_key", name=op.f("uq_refund_submission_key")),
    )
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refund_payment_id"), ["payment_id"], unique=False)

    op.create_table(
        "treasury_import_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.String(length=500), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=True),
        sa.Column("payment_id", sa.Integer(), nullable=True),
        sa.Column("is_accepted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["treasury_import.id"],
            name=op.f("fk_treasury_import_line_import_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"],
            ["invoice.id"],
            name=op.f("fk_treasury_import_line_invoice_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"],
            ["payment.id"],
            name=op.f("fk_treasury_import_line_payment_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_treasury_import_line")),
        sa.UniqueConstraint("import_id", "number", name=op.f("uq_treasury_import_line_import_id_number")),
    )
    with op.batch_alter_table("treasury_import_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_treasury_import_line_invoice_id"), ["invoice_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_treasury_import_line_payment_id"), ["payment_id"], unique=False)

    op.create_table(
        "online_payment_bill",
        sa.Column("online_payment_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_online_payment_bill_amount")),
        sa.ForeignKeyConstraint(
            ["invoice_id"],
            ["invoice.id"],
            name=op.f("fk_online_payment_bill_invoice_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["online_payment_id"],
            ["online_payment.id"],
            name=op.f("fk_online_payment_bill_online_payment_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("online_payment_id", "invoice_id", name=op.f("pk_online_payment_bill")),
    )
    with op.batch_alter_table("online_payment_bill", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_online_payment_bill_invoice_id"), ["invoice_id"], unique=False)

    with op.batch_alter_table("booking_event", schema=None) as batch_op:
        batch_op.add_column(sa.Column("credit_cents", sa.Integer(), nullable=True))
    _fill_credits()
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.add_column(sa.Column("regie_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("is_care", sa.Boolean(), server_default=sa.true(), nullable=False))
        batch_op.add_column(sa.Column("product_code", sa.String(length=4), server_default="", nullable=False))
        batch_op.create_index(batch_op.f("ix_activity_regie_id"), ["regie_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_activity_regie_id"), "regie", ["regie_id"], ["id"], ondelete="RESTRICT"
        )
    op.execute("UPDATE activity SET is_care = (kind <> 'meal')")
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.alter_column("is_care", server_default=None)
        batch_op.alter_column("product_code", server_default=None)
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_observed", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.alter_column("is_observed", server_default=None)
    _allow("outgoing_mail", "kind", "mailkind", MAIL_KINDS)
    for one in GUARDS:
        guard(*one)
    _append_only("deposit_slip")


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


def _fill_credits() -> None:
    """The history refuses to be rewritten: its guard comes off for this new column alone."""
    if op.get_bind().dialect.name == "sqlite":
        made = sa.text("SELECT sql FROM sqlite_master WHERE name = 'booking_event_no_update'")
        trigger = op.get_bind().execute(made).scalar_one()
        op.execute("DROP TRIGGER booking_event_no_update")
        op.execute(_CREDITS)
        op.execute(trigger)
        return
    op.execute("ALTER TABLE booking_event DISABLE TRIGGER booking_event_append_only")
    op.execute(_CREDITS)
    op.execute("ALTER TABLE booking_event ENABLE TRIGGER booking_event_append_only")


def _allow(table: str, column: str, name: str, values: tuple[str, ...]) -> None:
    """Replace the list of values that a column may hold."""
    listed = ", ".join(f"'{value}'" for value in values)
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
        batch_op.create_check_constraint(op.f(f"ck_{table}_{name}"), sa.text(f"{column} IN ({listed})"))


def downgrade() -> None:
    raise NotImplementedError("Going back is restoring the backup made before the upgrade.")
