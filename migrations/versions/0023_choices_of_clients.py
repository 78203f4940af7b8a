"""What clients choose: whether an engagement ends by itself (so far each did), and the freelancer's agency.

And since when a freelancer is on a case, where another was before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; nobody is known to have taken another's place so far."""
    op.add_column("organisation", sa.Column("auto_close", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("offer", sa.Column("agency", sa.Text(), nullable=False, server_default=""))
    op.add_column("cases", sa.Column("worker_since_rev", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Take the columns away again."""
    op.drop_column("cases", "worker_since_rev")
    op.drop_column("offer", "agency")
    op.drop_column("organisation", "auto_close")
