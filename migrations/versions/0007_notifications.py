"""Notifications, what people wish to be mailed, when a mail is tried next, and signs of life of workers."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WAITING = sa.text("sent_at IS NULL AND failed_at IS NULL")
FAILED = sa.text("failed_at IS NOT NULL")
UNREAD = sa.text("read_at IS NULL")


def upgrade() -> None:
    """Make the tables, then the columns that refer to them."""
    op.create_table(
        "notification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_notification_person_id_person"),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["cases.id"],
            name="fk_notification_case_id_cases",
            ondelete="CASCADE",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_notification"),
        sa.UniqueConstraint("person_id", "event_id", name="uq_notification_person_id_event_id"),
    )
    op.create_index("ix_notification_case_id", "notification", ["case_id"])
    op.create_index("ix_notification_person_id_id", "notification", ["person_id", "id"])
    op.create_index(
        "ix_notification_unread",
        "notification",
        ["person_id", "id"],
        sqlite_where=UNREAD,
        postgresql_where=UNREAD,
    )
    op.create_table(
        "mail_choice",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("mail", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_mail_choice_person_id_person"),
        sa.PrimaryKeyConstraint("person_id", "kind", name="pk_mail_choice"),
    )
    op.create_table(
        "worker_beat",
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("beats", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("worker", name="pk_worker_beat"),
    )
    op.drop_index("ix_mail_message_waiting", table_name="mail_message", sqlite_where=WAITING, postgresql_where=WAITING)
    with op.batch_alter_table("mail_message") as table:
        table.add_column(sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("person_id", sa.Uuid(), nullable=True))
        table.add_column(sa.Column("kind", sa.Text(), nullable=True))
        table.create_foreign_key("fk_mail_message_person_id_person", "person", ["person_id"], ["id"])
    op.execute("UPDATE mail_message SET due_at = made_at")
    with op.batch_alter_table("mail_message") as table:
        table.alter_column("due_at", existing_type=sa.DateTime(timezone=True), nullable=False)
    op.create_index(
        "ix_mail_message_waiting", "mail_message", ["due_at"], sqlite_where=WAITING, postgresql_where=WAITING
    )
    op.create_index("ix_mail_message_failed", "mail_message", ["id"], sqlite_where=FAILED, postgresql_where=FAILED)
    op.create_index("ix_mail_message_sent_at", "mail_message", ["sent_at"])


def downgrade() -> None:
    """Take the columns and tables away again."""
    op.drop_index("ix_mail_message_sent_at", table_name="mail_message")
    op.drop_index("ix_mail_message_failed", table_name="mail_message", sqlite_where=FAILED, postgresql_where=FAILED)
    op.drop_index("ix_mail_message_waiting", table_name="mail_message", sqlite_where=WAITING, postgresql_where=WAITING)
    with op.batch_alter_table("mail_message") as table:
        table.drop_constraint("fk_mail_message_person_id_person", type_="foreignkey")
        table.drop_column("kind")
        table.drop_column("person_id")
        table.drop_column("due_at")
    op.create_index(
        "ix_mail_message_waiting", "mail_message", ["made_at"], sqlite_where=WAITING, postgresql_where=WAITING
    )
    op.drop_table("worker_beat")
    op.drop_table("mail_choice")
    op.drop_index("ix_notification_unread", table_name="notification", sqlite_where=UNREAD, postgresql_where=UNREAD)
    op.drop_index("ix_notification_person_id_id", table_name="notification")
    op.drop_index("ix_notification_case_id", table_name="notification")
    op.drop_table("notification")
