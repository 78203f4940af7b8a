"""Find the determinations that were made under a rule set, the newest first."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_determination_rule_digest", "determination", ["rule_digest", "id"])


def downgrade() -> None:
    """Take the index away again."""
    op.drop_index("ix_determination_rule_digest", "determination")
