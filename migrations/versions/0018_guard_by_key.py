"""Let SQLite's guard of the record look events up by their keys, so that writing stays as quick as the record grows."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

GUARD = (
    "CREATE TRIGGER audit_event_no_replace BEFORE INSERT ON audit_event WHEN {} "
    "BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END"
)
BY_KEY = (
    "EXISTS (SELECT 1 FROM audit_event e WHERE e.month = NEW.month AND e.event_id = NEW.event_id) "
    "OR EXISTS (SELECT 1 FROM audit_event e WHERE e.stream = NEW.stream AND e.rev = NEW.rev)"
)
# As the first migration wrote it: no index serves the id alone, so each event read the whole record.
BEFORE = "EXISTS (SELECT 1 FROM audit_event e WHERE e.event_id = NEW.event_id OR (e.stream = NEW.stream AND e.rev = NEW.rev))"


def upgrade() -> None:
    """Ask by key."""
    _replace(BY_KEY)


def downgrade() -> None:
    """Ask as before."""
    _replace(BEFORE)


def _replace(condition: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(sa.text("DROP TRIGGER audit_event_no_replace"))
        op.execute(sa.text(GUARD.format(condition)))
