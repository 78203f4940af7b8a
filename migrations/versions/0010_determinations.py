"""Determinations, which the database itself refuses to change; only those of sample cases go, with their case."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TRIGGERS = {
    "sqlite": [
        (
            "CREATE TRIGGER determination_no_update BEFORE UPDATE ON determination "
            "BEGIN SELECT RAISE(ABORT, 'determination is append-only'); END"
        ),
        # With a sample case its rows go too; by then the case is no longer there to be asked.
        (
            "CREATE TRIGGER determination_no_delete BEFORE DELETE ON determination "
            "WHEN EXISTS (SELECT 1 FROM cases c WHERE c.id = OLD.case_id AND NOT c.sample) "
            "BEGIN SELECT RAISE(ABORT, 'determination is append-only'); END"
        ),
        (
            "CREATE TRIGGER determination_no_replace BEFORE INSERT ON determination "
            "WHEN EXISTS (SELECT 1 FROM determination d WHERE d.id = NEW.id "
            "OR (d.case_id = NEW.case_id AND d.number = NEW.number)) "
            "BEGIN SELECT RAISE(ABORT, 'determination is append-only'); END"
        ),
    ],
    "postgresql": [
        (
            "CREATE TRIGGER determination_no_update BEFORE UPDATE ON determination "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        ),
        (
            "CREATE TRIGGER determination_no_truncate BEFORE TRUNCATE ON determination "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        ),
        (
            "CREATE FUNCTION guard_determination() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF EXISTS (SELECT 1 FROM cases c WHERE c.id = OLD.case_id AND NOT c.sample) THEN "
            "RAISE EXCEPTION 'determination is append-only'; END IF; RETURN OLD; END $$"
        ),
        (
            "CREATE TRIGGER determination_no_delete BEFORE DELETE ON determination "
            "FOR EACH ROW EXECUTE FUNCTION guard_determination()"
        ),
    ],
}


def upgrade() -> None:
    """Make the table, then its triggers."""
    op.create_table(
        "determination",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("statement", sa.JSON(), nullable=False),
        sa.Column("content_version", sa.Integer(), nullable=False),
        sa.Column("content_digest", sa.Text(), nullable=False),
        sa.Column("places", sa.JSON(), nullable=False),
        sa.Column("rule_set", sa.Text(), nullable=True),
        sa.Column("rule_version", sa.Text(), nullable=True),
        sa.Column("rule_digest", sa.Text(), nullable=True),
        sa.Column("why_no_rules", sa.Text(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("answers_digest", sa.Text(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("overrides", sa.Boolean(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("factors", sa.JSON(), nullable=False),
        sa.Column("reason_codes", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("conditions", sa.Text(), nullable=False),
        sa.Column("what_would_change_it", sa.Text(), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("stands_for_id", sa.Uuid(), nullable=True),
        sa.Column("first_reviewer_ids", sa.JSON(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("supersedes_id", sa.Uuid(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["cases.id"],
            name="fk_determination_case_id_cases",
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["supersedes_id"],
            ["determination.id"],
            name="fk_determination_supersedes_id_determination",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_determination"),
        sa.UniqueConstraint("case_id", "number", name="uq_determination_case_id_number"),
        sa.UniqueConstraint("supersedes_id", name="uq_determination_supersedes_id"),
    )
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Take the table away again; its triggers go with it."""
    op.drop_table("determination")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text("DROP FUNCTION guard_determination()"))
