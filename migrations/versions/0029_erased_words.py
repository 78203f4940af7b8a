"""The words of a determination may go once the sealed values of its event are noted as erased; nothing else of it."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_WORDS = ("reason", "conditions", "what_would_change_it", "factors")
_NOTED = (
    "EXISTS (SELECT 1 FROM cases c JOIN audit_event e ON e.stream = c.stream AND e.rev = OLD.rev "
    "JOIN audit_erasure a ON a.event_id = e.event_id WHERE c.id = OLD.case_id)"
)
_SENTENCE = "the words of a determination go only with the event that erases them"
_BEFORE = {
    "sqlite": (
        "CREATE TRIGGER determination_no_update BEFORE UPDATE ON determination "
        "BEGIN SELECT RAISE(ABORT, 'determination is append-only'); END"
    ),
    "postgresql": (
        "CREATE TRIGGER determination_no_update BEFORE UPDATE ON determination "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    ),
}


def _triggers(others: list[str]) -> dict[str, list[str]]:
    words = ", ".join(_WORDS)
    return {
        "sqlite": [
            (
                f"CREATE TRIGGER determination_no_update BEFORE UPDATE OF {', '.join(others)} ON determination "
                "BEGIN SELECT RAISE(ABORT, 'determination is append-only'); END"
            ),
            (
                f"CREATE TRIGGER determination_words BEFORE UPDATE OF {words} ON determination WHEN NOT {_NOTED} "
                f"BEGIN SELECT RAISE(ABORT, '{_SENTENCE}'); END"
            ),
        ],
        "postgresql": [
            (
                "CREATE FUNCTION guard_words() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF to_jsonb(NEW) - '{{{','.join(_WORDS)}}}'::text[] "
                f"<> to_jsonb(OLD) - '{{{','.join(_WORDS)}}}'::text[] THEN "
                "RAISE EXCEPTION 'determination is append-only'; END IF; "
                f"IF NOT {_NOTED} THEN RAISE EXCEPTION '{_SENTENCE}'; END IF; RETURN NEW; END $$"
            ),
            (
                "CREATE TRIGGER determination_no_update BEFORE UPDATE ON determination "
                "FOR EACH ROW EXECUTE FUNCTION guard_words()"
            ),
        ],
    }


def upgrade() -> None:
    """Put the finer triggers in the place of the one that refused every change."""
    bind = op.get_bind()
    columns = [column["name"] for column in sa.inspect(bind).get_columns("determination")]
    _drop("determination_no_update")
    for statement in _triggers([name for name in columns if name not in _WORDS])[bind.dialect.name]:
        op.execute(sa.text(statement.replace("::", r"\:\:")))


def downgrade() -> None:
    """Refuse every change again."""
    _drop("determination_no_update")
    if op.get_bind().dialect.name == "sqlite":
        _drop("determination_words")
    else:
        op.execute(sa.text("DROP FUNCTION guard_words()"))
    op.execute(sa.text(_BEFORE[op.get_bind().dialect.name]))


def _drop(trigger: str) -> None:
    on = "" if op.get_bind().dialect.name == "sqlite" else " ON determination"
    op.execute(sa.text(f"DROP TRIGGER {trigger}{on}"))
