"""The index that a list of all cases of one kind is read by, what is due first on top."""

from alembic import op

revision = "0019"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_cases_kind_urgent_at_id", "cases", ["kind", "urgent_at", "id"], unique=False)


def downgrade() -> None:
    """Take the index away again."""
    op.drop_index("ix_cases_kind_urgent_at_id", table_name="cases")
