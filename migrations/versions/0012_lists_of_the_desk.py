"""What the lists of the desk need: indexes for their orders, saved views that are shared, looks by visit."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

WHOLE = (
    ("ix_cases_urgent_at_id", "cases", ["urgent_at", "id"]),
    ("ix_cases_kind_urgent_at_id", "cases", ["kind", "urgent_at", "id"]),
    ("ix_role_grant_role_person_id", "role_grant", ["role", "person_id"]),
)
PARTIAL = (
    ("ix_cases_unclaimed", "cases", ["urgent_at", "id"], "desk", " AND holder_id IS NULL"),
    ("ix_cases_desk_entered", "cases", ["entered_at", "id"], "desk", ""),
    ("ix_cases_late", "cases", ["urgent_at", "id"], "late", ""),
    ("ix_saved_view_shared", "saved_view", ["page", "name"], "shared", ""),
)
# Columns are added and dropped in place: remaking a table would lose the triggers of the first migration on SQLite.
ADDED = (
    ("case_look", "before_rev", sa.Integer(), "0"),
    ("case_look", "before_version", sa.Integer(), "0"),
    ("saved_view", "starts", sa.Boolean(), sa.false()),
    ("saved_view", "shared", sa.Boolean(), sa.false()),
)
# Clients that did not enrol classify for themselves: their offers never waited for the desk.
OFF_THE_DESK = """
    UPDATE cases SET waits_for = 'compliance_contact', desk = FALSE
    WHERE kind = 'offer' AND state IN ('submitted', 'reassessment') AND desk
    AND organisation_id IN (SELECT id FROM organisation WHERE NOT compliance_enrolled)
"""

BACK_ON_IT = """
    UPDATE cases SET waits_for = 'reviewer', desk = TRUE
    WHERE kind = 'offer' AND state IN ('submitted', 'reassessment') AND NOT desk
"""


def upgrade() -> None:
    """Add columns and indexes, and take off the desk what never was its turn."""
    for table, name, kind, default in ADDED:
        op.add_column(table, sa.Column(name, kind, nullable=False, server_default=default))
    for name, table, columns in WHOLE:
        op.create_index(name, table, columns, unique=False)
    for name, table, columns, flag, where in PARTIAL:
        # The condition stands as each database's queries write it; SQLite would not recognise another.
        on_sqlite, on_server = sa.text(f"{flag} = 1{where}"), sa.text(f"{flag}{where}")
        op.create_index(name, table, columns, sqlite_where=on_sqlite, postgresql_where=on_server)
    op.execute(OFF_THE_DESK)


def downgrade() -> None:
    """Take them away again; whose turn it was is told by the state, as before."""
    op.execute(BACK_ON_IT)
    for name, table, *_ in reversed(PARTIAL):
        op.drop_index(name, table_name=table)
    for name, table, _ in reversed(WHOLE):
        op.drop_index(name, table_name=table)
    for table, name, _, _ in reversed(ADDED):
        op.drop_column(table, name)
