"""Published versions of rule sets, which the database itself refuses to change or delete."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TRIGGERS = {
    "sqlite": [
        *(
            f"CREATE TRIGGER rule_set_version_no_{what} BEFORE {what.upper()} ON rule_set_version "
            "BEGIN SELECT RAISE(ABORT, 'rule_set_version is append-only'); END"
            for what in ("update", "delete")
        ),
        # INSERT OR REPLACE deletes before it inserts and would slip past the two above.
        (
            "CREATE TRIGGER rule_set_version_no_replace BEFORE INSERT ON rule_set_version "
            "WHEN EXISTS (SELECT 1 FROM rule_set_version r WHERE r.key = NEW.key AND r.version = NEW.version) "
            "BEGIN SELECT RAISE(ABORT, 'rule_set_version is append-only'); END"
        ),
    ],
    "postgresql": [
        (
            f"CREATE TRIGGER rule_set_version_no_{what.lower()} BEFORE {what} ON rule_set_version "
            f"FOR EACH {each} EXECUTE FUNCTION refuse_change()"
        )
        for what, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT"))
    ],
}


def upgrade() -> None:
    """Make the table, then its triggers."""
    op.create_table(
        "rule_set_version",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", "version", name="pk_rule_set_version"),
    )
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Take the table away again; its triggers go with it."""
    op.drop_table("rule_set_version")
