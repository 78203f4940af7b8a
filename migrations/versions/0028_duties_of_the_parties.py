"""Keep with a determination what the parties must do by law; those made so far say nothing of it."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, empty for determinations made so far."""
    op.add_column("determination", sa.Column("duties", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    """Take the column away again."""
    op.drop_column("determination", "duties")
