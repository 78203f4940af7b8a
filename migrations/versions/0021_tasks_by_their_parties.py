"""Keep when a document was asked for, and take away the table of tasks, which nothing wrote or read.

What each party did in a stay stands in the record.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, empty for questions asked so far, and drop the table."""
    op.add_column("offer", sa.Column("document_asked_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_table("case_task")


def downgrade() -> None:
    """Make the table again, empty as it was, and take the column away."""
    op.drop_column("offer", "document_asked_at")
    op.create_table(
        "case_task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["cases.id"],
            name="fk_case_task_case_id_cases",
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_case_task"),
        sa.UniqueConstraint("case_id", "key", name="uq_case_task_case_id_key"),
    )
