"""Sealed values of the record never change, and go only when an event says who erased them."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_NOTED = "EXISTS (SELECT 1 FROM audit_erasure a WHERE a.event_id = OLD.event_id AND a.path = OLD.path)"
_THERE = "EXISTS (SELECT 1 FROM {} o WHERE o.event_id = NEW.event_id AND o.path = NEW.path)"
TRIGGERS = {
    "sqlite": [
        *(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for table in ("audit_opening", "audit_erasure")
        ),
        # INSERT OR REPLACE deletes before it inserts and would slip past the others.
        *(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {_THERE.format(table)} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for table in ("audit_opening", "audit_erasure")
        ),
        (
            f"CREATE TRIGGER audit_opening_no_delete BEFORE DELETE ON audit_opening WHEN NOT {_NOTED} "
            "BEGIN SELECT RAISE(ABORT, 'a sealed value goes only with the event that erases it'); END"
        ),
        (
            "CREATE TRIGGER audit_erasure_no_delete BEFORE DELETE ON audit_erasure "
            "BEGIN SELECT RAISE(ABORT, 'audit_erasure is append-only'); END"
        ),
    ],
    "postgresql": [
        (
            "CREATE FUNCTION guard_opening() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF NOT {_NOTED} THEN "
            "RAISE EXCEPTION 'a sealed value goes only with the event that erases it'; END IF; RETURN OLD; END $$"
        ),
        (
            "CREATE TRIGGER audit_opening_no_delete BEFORE DELETE ON audit_opening "
            "FOR EACH ROW EXECUTE FUNCTION guard_opening()"
        ),
        (
            "CREATE TRIGGER audit_opening_no_update BEFORE UPDATE ON audit_opening "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        ),
        (
            "CREATE TRIGGER audit_erasure_no_change BEFORE UPDATE OR DELETE ON audit_erasure "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        ),
        *(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            for table in ("audit_opening", "audit_erasure")
        ),
    ],
}
DROP_TRIGGERS = {
    "sqlite": [f"DROP TRIGGER audit_opening_{name}" for name in ("no_update", "no_replace", "no_delete")],
    "postgresql": [
        "DROP FUNCTION guard_opening() CASCADE",
        "DROP TRIGGER audit_opening_no_update ON audit_opening",
        "DROP TRIGGER audit_opening_no_truncate ON audit_opening",
    ],
}


def upgrade() -> None:
    """Make the table of what was erased, then the triggers."""
    op.create_table(
        "audit_erasure",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("erased_month", sa.Integer(), nullable=False),
        sa.Column("erased_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["erased_month", "erased_by"],
            ["audit_event.month", "audit_event.event_id"],
            name="fk_audit_erasure_erased_month_erased_by_audit_event",
        ),
        sa.PrimaryKeyConstraint("event_id", "path", name="pk_audit_erasure"),
    )
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Take the triggers away again, then the table with its own."""
    for statement in DROP_TRIGGERS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))
    op.drop_table("audit_erasure")
