"""What a document of a case needs beside its bytes: whom it is for, how long it holds, and that it was taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# A document is never deleted or exchanged: the record names its digest. Only taking it back changes its row, once.
TRIGGERS = {
    "sqlite": [
        (
            "CREATE TRIGGER case_document_stays BEFORE UPDATE ON case_document WHEN NEW.id <> OLD.id "
            "OR NEW.case_id <> OLD.case_id OR NEW.sha256 <> OLD.sha256 OR OLD.withdrawn_at IS NOT NULL "
            "BEGIN SELECT RAISE(ABORT, 'a document stays what it is'); END"
        ),
    ],
    "postgresql": [
        (
            "CREATE FUNCTION guard_document() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF NEW.id <> OLD.id OR NEW.case_id <> OLD.case_id OR NEW.sha256 <> OLD.sha256 "
            "OR OLD.withdrawn_at IS NOT NULL THEN RAISE EXCEPTION 'a document stays what it is'; END IF; "
            "RETURN NEW; END $$"
        ),
        (
            "CREATE TRIGGER case_document_stays BEFORE UPDATE ON case_document "
            "FOR EACH ROW EXECUTE FUNCTION guard_document()"
        ),
    ],
}
DROP_TRIGGERS = {
    "sqlite": ["DROP TRIGGER case_document_stays"],
    "postgresql": ["DROP FUNCTION guard_document() CASCADE"],
}


def upgrade() -> None:
    """Add the columns and the trigger."""
    op.add_column("case_document", sa.Column("internal", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("case_document", sa.Column("expires_on", sa.Date(), nullable=True))
    op.add_column("case_document", sa.Column("withdrawn_by_id", sa.Uuid(), nullable=True))
    op.add_column("case_document", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Take them away again."""
    for statement in DROP_TRIGGERS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))
    for name in ("withdrawn_at", "withdrawn_by_id", "expires_on", "internal"):
        op.drop_column("case_document", name)
