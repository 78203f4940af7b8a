"""Blind second reviews, and what each test found beside what was decided, so that agreement can be counted.

Second opinions and comparisons are never changed; only those of sample cases go, with their case. Determinations made
so far are compared as a whole, and with the test where a single one was asked.
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

BATCH = 500
TOGETHER = "together"
_KEYS = {
    "comparison": "SELECT 1 FROM comparison o WHERE o.determination_id = NEW.determination_id AND o.test = NEW.test",
    "second_opinion": (
        "SELECT 1 FROM second_opinion o "
        "WHERE o.id = NEW.id OR o.case_id = NEW.case_id OR o.determination_id = NEW.determination_id"
    ),
}
_KEPT = "EXISTS (SELECT 1 FROM cases c WHERE c.id = OLD.case_id AND NOT c.sample)"
TRIGGERS = {
    "sqlite": [
        statement
        for table, key in _KEYS.items()
        for statement in (
            (
                f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            ),
            # With a sample case its rows go too; by then the case is no longer there to be asked.
            (
                f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} WHEN {_KEPT} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            ),
            (
                f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
                f"WHEN EXISTS ({key}) "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            ),
        )
    ],
    "postgresql": [
        statement
        for table in _KEYS
        for statement in (
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()",
            (
                f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            ),
            (
                f"CREATE FUNCTION guard_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF {_KEPT} THEN RAISE EXCEPTION '{table} is append-only'; END IF; RETURN OLD; END $$"
            ),
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION guard_{table}()",
        )
    ],
}


def upgrade() -> None:
    """Make the tables, compare what was determined so far, then add the triggers."""
    op.create_table(
        "blind_review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("follows", sa.Text(), nullable=False),
        _of_case("blind_review", "id"),
        sa.PrimaryKeyConstraint("id", name="pk_blind_review"),
    )
    op.create_table(
        "second_look",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("looked_at_id", sa.Uuid(), nullable=False),
        sa.Column("determination_id", sa.Uuid(), nullable=False),
        _of_case("second_look", "case_id"),
        _of_case("second_look", "looked_at_id"),
        _of_determination("second_look"),
        sa.PrimaryKeyConstraint("case_id", name="pk_second_look"),
        sa.UniqueConstraint("determination_id", name="uq_second_look_determination_id"),
    )
    op.create_index("ix_second_look_looked_at_id", "second_look", ["looked_at_id"])
    op.create_table(
        "blindfold",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("by_case_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_blindfold_person_id_person"),
        _of_case("blindfold", "by_case_id"),
        _of_case("blindfold", "case_id"),
        sa.PrimaryKeyConstraint("person_id", "by_case_id", name="pk_blindfold"),
    )
    op.create_index("ix_blindfold_by_case_id", "blindfold", ["by_case_id"])
    op.create_index("ix_blindfold_case_id", "blindfold", ["case_id"])
    _make_second_opinions()
    _make_comparisons()
    _compare()
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Take the tables away again, with the cases that were blind reviews; their triggers go with them."""
    for table in ("comparison", "second_opinion", "blindfold", "second_look"):
        op.drop_table(table)
    op.execute(sa.text("DELETE FROM cases WHERE kind = 'blind_review'"))
    op.drop_table("blind_review")
    if op.get_bind().dialect.name == "postgresql":
        for table in _KEYS:
            op.execute(sa.text(f"DROP FUNCTION guard_{table}()"))


def _make_second_opinions() -> None:
    op.create_table(
        "second_opinion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("looked_at_id", sa.Uuid(), nullable=False),
        sa.Column("determination_id", sa.Uuid(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("first_outcome", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("first_by_id", sa.Uuid(), nullable=True),
        sa.Column("given_by_id", sa.Uuid(), nullable=False),
        sa.Column("stands_for_id", sa.Uuid(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        _of_case("second_opinion", "case_id"),
        _of_case("second_opinion", "looked_at_id"),
        _of_determination("second_opinion"),
        _of_organisation("second_opinion"),
        sa.PrimaryKeyConstraint("id", name="pk_second_opinion"),
        sa.UniqueConstraint("case_id", name="uq_second_opinion_case_id"),
        sa.UniqueConstraint("determination_id", name="uq_second_opinion_determination_id"),
    )
    for columns in (["looked_at_id"], ["organisation_id"], ["given_at", "id"]):
        op.create_index(f"ix_second_opinion_{'_'.join(columns)}", "second_opinion", columns)


def _make_comparisons() -> None:
    op.create_table(
        "comparison",
        sa.Column("determination_id", sa.Uuid(), nullable=False),
        sa.Column("test", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("decided", sa.Text(), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        _of_case("comparison", "case_id"),
        _of_determination("comparison"),
        _of_organisation("comparison"),
        sa.PrimaryKeyConstraint("determination_id", "test", name="pk_comparison"),
    )
    op.create_index("ix_comparison_case_id", "comparison", ["case_id"])
    op.create_index(
        "ix_comparison_test_decided_at_determination_id", "comparison", ["test", "decided_at", "determination_id"]
    )


def _of_case(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column],
        ["cases.id"],
        name=f"fk_{table}_{column}_cases",
        ondelete="CASCADE",
        initially="DEFERRED",
        deferrable=True,
    )


def _of_determination(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["determination_id"],
        ["determination.id"],
        name=f"fk_{table}_determination_id_determination",
        ondelete="CASCADE",
        initially="DEFERRED",
        deferrable=True,
    )


def _of_organisation(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organisation_id"], ["organisation.id"], name=f"fk_{table}_organisation_id_organisation"
    )


def _compare() -> None:
    """Write the comparisons of all determinations so far, a batch at a time."""
    columns = ("id", "case_id", "rule_set", "findings", "outcome", "decided_by_id", "decided_at")
    types: dict[str, sa.types.TypeEngine[Any]] = {"id": sa.Uuid(), "findings": sa.JSON(), "case_id": sa.Uuid(), "decided_by_id": sa.Uuid(),
             "decided_at": sa.DateTime(timezone=True)}  # fmt: skip
    kept = sa.table("determination", *(sa.column(name, types.get(name, sa.Text())) for name in columns))
    cases = sa.table("cases", sa.column("id", sa.Uuid()), sa.column("organisation_id", sa.Uuid()))
    made = sa.table(
        "comparison",
        sa.column("determination_id", sa.Uuid()),
        sa.column("case_id", sa.Uuid()),
        sa.column("organisation_id", sa.Uuid()),
        sa.column("decided_by_id", sa.Uuid()),
        sa.column("decided_at", sa.DateTime(timezone=True)),
        *(sa.column(name, sa.Text()) for name in ("test", "found", "decided")),
    )
    query = sa.select(kept, cases.c.organisation_id).join(cases, cases.c.id == kept.c.case_id).order_by(kept.c.id)
    last = None
    while rows := op.get_bind().execute((query if last is None else query.where(kept.c.id > last)).limit(BATCH)).all():
        last = rows[-1].id
        if found := [comparison for row in rows for comparison in _comparisons(row)]:
            op.get_bind().execute(sa.insert(made), found)


def _comparisons(row: sa.Row[Any]) -> Iterator[dict[str, Any]]:
    outcomes = {finding["outcome"] for finding in row.findings.values()}
    if not outcomes:
        return
    found = outcomes.pop() if len(outcomes) == 1 else "needs_review"
    single = row.rule_set if row.rule_set and "+" not in row.rule_set else None
    for test in filter(None, (TOGETHER, single)):
        yield {
            "determination_id": row.id,
            "test": test,
            "case_id": row.case_id,
            "organisation_id": row.organisation_id,
            "found": found,
            "decided": row.outcome,
            "decided_by_id": row.decided_by_id,
            "decided_at": row.decided_at,
        }
