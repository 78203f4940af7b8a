"""Let clients choose whether an engagement ends by itself; so far each did."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("organisation", sa.Column("auto_close", sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    """Take the column away again."""
    op.drop_column("organisation", "auto_close")
