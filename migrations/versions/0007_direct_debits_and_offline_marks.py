"""Direct debits, marks made without a network, what is read by whom."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
# Tables that this migration may empty, shrink or fill; every other table keeps its number of rows.
ROWS_MAY_CHANGE = ()
# Columns of tables that have rows: filled while they are added.
FILLED = {"activity": ("is_declared",)}


def upgrade() -> None:
    _hours_of_slots()


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


def downgrade() -> None:
    raise NotImplementedError("Going back is restoring the backup made before the upgrade.")
