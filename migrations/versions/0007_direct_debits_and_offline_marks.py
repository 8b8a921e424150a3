"""Direct debits, marks made without a network, what is read by whom."""

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
# Tables that this migration may empty, shrink or fill; every other table keeps its number of rows.
ROWS_MAY_CHANGE = ()
# Columns of tables that have rows: filled while they are added.
FILLED = {}


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError("Going back is restoring the backup made before the upgrade.")
