"""Where a case's stay in its state began, and what the offer lacked: client's place, deliverables, clocks, employer."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Columns are added and dropped in place: remaking a table would lose the triggers of the first migration on SQLite.
ADDED = (
    ("cases", "entered_rev", sa.Integer(), "0"),
    ("offer", "client_country", sa.Text(), ""),
    ("offer", "deliverables", sa.Text(), ""),
    ("offer", "offered_at", sa.DateTime(timezone=True), None),
    ("offer", "decided_at", sa.DateTime(timezone=True), None),
    ("offer", "agreed_until", sa.Date(), None),
    ("offer", "disagreed", sa.Boolean(), sa.false()),
    ("offer", "employer_of_record", sa.Text(), ""),
    ("offer", "worker_agreed", sa.Boolean(), sa.false()),
)


def upgrade() -> None:
    """Add the columns; a disagreement is counted for each determination instead of each version."""
    for table, name, kind, default in ADDED:
        op.add_column(table, sa.Column(name, kind, nullable=default is None, server_default=default))
    op.execute("UPDATE offer SET disagreed = TRUE WHERE disagreed_version = decided_version")
    op.drop_column("offer", "disagreed_version")


def downgrade() -> None:
    """Take the columns away again."""
    op.add_column("offer", sa.Column("disagreed_version", sa.Integer(), nullable=True))
    op.execute("UPDATE offer SET disagreed_version = decided_version WHERE disagreed")
    for table, name, _, _ in reversed(ADDED):
        op.drop_column(table, name)
