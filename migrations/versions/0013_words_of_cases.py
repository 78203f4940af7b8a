"""The words under which cases are found, with those of the cases that exist."""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BATCH = 5_000
LONGEST_WORD = 40
EXISTING = """
    SELECT cases.id, cases.reference, cases.title, offer.freelancer
    FROM cases LEFT JOIN offer ON offer.id = cases.id
"""
WORD_COLUMN = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TABLE = sa.table("case_word", sa.column("word", sa.Text()), sa.column("case_id", sa.Uuid()))


def upgrade() -> None:
    """Make the table and fill it."""
    op.create_table(
        "case_word",
        sa.Column("word", WORD_COLUMN, nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["cases.id"],
            name="fk_case_word_case_id_cases",
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("word", "case_id", name="pk_case_word"),
    )
    op.create_index("ix_case_word_case_id", "case_word", ["case_id"], unique=False)
    query = sa.text(EXISTING).columns(id=sa.Uuid(), reference=sa.Text(), title=sa.Text(), freelancer=sa.Text())
    for batch in op.get_bind().execute(query).partitions(BATCH):
        rows = [{"word": word, "case_id": row.id} for row in batch for word in words(row)]
        op.get_bind().execute(TABLE.insert(), rows)


def downgrade() -> None:
    """Take the table away again."""
    op.drop_index("ix_case_word_case_id", table_name="case_word")
    op.drop_table("case_word")


def words(row: sa.Row[tuple[object, str, str, str | None]]) -> set[str]:
    """Return the words of a case as the product split them when this was written."""
    whole = row.reference.lower()
    text = unicodedata.normalize("NFKD", f"{row.title} {row.freelancer or ''}".casefold())
    plain = "".join(letter for letter in text if not unicodedata.combining(letter))
    return {whole, whole.partition("-")[2], *(word[:LONGEST_WORD] for word in re.findall(r"[^\W_]+", plain))}
