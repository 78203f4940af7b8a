"""The day on which an engagement became active; work counts from then on."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the day; of engagements that run already it is their agreed first day."""
    op.add_column("offer", sa.Column("began_on", sa.Date(), nullable=True))
    op.execute(
        "UPDATE offer SET began_on = starts_on "
        "WHERE id IN (SELECT id FROM cases WHERE state IN ('active', 'reassessment', 'closing'))"
    )


def downgrade() -> None:
    """Forget the day."""
    op.drop_column("offer", "began_on")
