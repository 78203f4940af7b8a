"""Files of many cases between preview and confirmation, and what is wrong with their rows."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ONCE = sa.text("state = 'done' AND NOT again")
LAPSING = sa.text("state IN ('waiting', 'faulty')")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "import_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("brought_by_id", sa.Uuid(), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("faulty_rows", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("handed_in", sa.Integer(), nullable=False),
        sa.Column("brought_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lapses_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["brought_by_id"], ["person.id"], name="fk_import_batch_brought_by_id_person"),
        sa.ForeignKeyConstraint(["done_by_id"], ["person.id"], name="fk_import_batch_done_by_id_person"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_import_batch_organisation_id_organisation"
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name="fk_import_batch_team_id_team"),
        sa.PrimaryKeyConstraint("id", name="pk_import_batch"),
    )
    op.create_index(
        "ix_import_batch_once", "import_batch", ["organisation_id", "kind", "sha256"], unique=True,
        sqlite_where=ONCE, postgresql_where=ONCE,
    )  # fmt: skip
    op.create_index(
        "ix_import_batch_lapsing", "import_batch", ["lapses_at"], sqlite_where=LAPSING, postgresql_where=LAPSING
    )
    op.create_table(
        "import_fault",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("column", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("advice", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name="fk_import_fault_batch_id_import_batch", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("batch_id", "number", name="pk_import_fault"),
    )


def downgrade() -> None:
    """Take the tables away again."""
    op.drop_table("import_fault")
    op.drop_index("ix_import_batch_lapsing", table_name="import_batch", sqlite_where=LAPSING, postgresql_where=LAPSING)
    op.drop_index("ix_import_batch_once", table_name="import_batch", sqlite_where=ONCE, postgresql_where=ONCE)
    op.drop_table("import_batch")
