"""Stand-ins, conflicts of interest, known devices, and when the password was last typed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, then the columns that refer to them."""
    op.create_table(
        "delegation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("absent_id", sa.Uuid(), nullable=False),
        sa.Column("stand_in_id", sa.Uuid(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["absent_id"], ["person.id"], name="fk_delegation_absent_id_person"),
        sa.ForeignKeyConstraint(["stand_in_id"], ["person.id"], name="fk_delegation_stand_in_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_delegation"),
    )
    op.create_index("ix_delegation_absent_id", "delegation", ["absent_id"])
    op.create_index("ix_delegation_stand_in_id", "delegation", ["stand_in_id"])
    op.create_table(
        "conflict",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("other_person_id", sa.Uuid(), nullable=True),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_conflict_person_id_person"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_conflict_organisation_id_organisation"
        ),
        sa.ForeignKeyConstraint(["other_person_id"], ["person.id"], name="fk_conflict_other_person_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_conflict"),
    )
    op.create_index("ix_conflict_person_id", "conflict", ["person_id"])
    op.create_table(
        "known_device",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("known_since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_known_device_person_id_person"),
        sa.PrimaryKeyConstraint("token_hash", "person_id", name="pk_known_device"),
    )
    with op.batch_alter_table("sign_in_session") as table:
        table.add_column(sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("delegation_id", sa.Uuid(), nullable=True))
        table.create_foreign_key("fk_sign_in_session_delegation_id_delegation", "delegation", ["delegation_id"], ["id"])


def downgrade() -> None:
    """Take the columns and tables away again."""
    with op.batch_alter_table("sign_in_session") as table:
        table.drop_constraint("fk_sign_in_session_delegation_id_delegation", type_="foreignkey")
        table.drop_column("delegation_id")
        table.drop_column("proved_at")
    op.drop_table("known_device")
    op.drop_index("ix_conflict_person_id", table_name="conflict")
    op.drop_table("conflict")
    op.drop_index("ix_delegation_stand_in_id", table_name="delegation")
    op.drop_index("ix_delegation_absent_id", table_name="delegation")
    op.drop_table("delegation")
