"""From which networks a token may be used."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the list; tokens made so far are used from anywhere."""
    op.add_column("api_token", sa.Column("addresses", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    """Take the list away again."""
    op.drop_column("api_token", "addresses")
