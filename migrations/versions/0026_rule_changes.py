"""Changes of rules as cases, and from which of them a published version came."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of changes, and the column beside the published versions."""
    op.create_table(
        "rule_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rule_set", sa.Text(), nullable=False),
        sa.Column("new_version", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("tested_digest", sa.Text(), nullable=False),
        sa.Column("agreement", sa.JSON(), nullable=False),
        sa.Column("replay", sa.Text(), nullable=False),
        sa.Column("replay_job", sa.Text(), nullable=False),
        sa.Column("replayed", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["cases.id"], name="fk_rule_change_id_cases", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_rule_change"),
    )
    op.add_column("rule_set_version", sa.Column("origin", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take both away again; what was published stays, and no longer says where it came from."""
    op.drop_column("rule_set_version", "origin")
    op.drop_table("rule_change")
