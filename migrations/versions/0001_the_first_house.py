"""The tables of the first house, and the triggers that let no change pass without its event."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# History may only grow. Terms that a decision was bound to and deadlines' causes are history too.
APPEND_ONLY = ("audit_event", "case_version")

_SQLITE_APPEND_ONLY = [
    statement
    for table in APPEND_ONLY
    for statement in (
        (
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        ),
    )
]

TRIGGERS = {
    "sqlite": [
        *_SQLITE_APPEND_ONLY,
        (
            "CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event "
            "BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END"
        ),
        # INSERT OR REPLACE deletes before it inserts and would slip past the two above.
        (
            "CREATE TRIGGER audit_event_no_replace BEFORE INSERT ON audit_event "
            "WHEN EXISTS (SELECT 1 FROM audit_event e WHERE e.event_id = NEW.event_id "
            "OR (e.stream = NEW.stream AND e.rev = NEW.rev)) "
            "BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END"
        ),
        (
            "CREATE TRIGGER cases_state_needs_event BEFORE UPDATE ON cases "
            "WHEN NEW.state <> OLD.state AND NEW.audit_rev <> OLD.audit_rev + 1 "
            "BEGIN SELECT RAISE(ABORT, 'a change of state needs its event'); END"
        ),
        (
            "CREATE TRIGGER cases_revision_grows BEFORE UPDATE OF audit_rev, stream ON cases "
            "WHEN NEW.audit_rev < OLD.audit_rev OR NEW.stream <> OLD.stream "
            "BEGIN SELECT RAISE(ABORT, 'the revision of a case only grows'); END"
        ),
        (
            "CREATE TRIGGER cases_born_with_event BEFORE INSERT ON cases WHEN NEW.audit_rev < 1 "
            "BEGIN SELECT RAISE(ABORT, 'a case is born with its event'); END"
        ),
        (
            "CREATE TRIGGER cases_no_delete BEFORE DELETE ON cases WHEN NOT OLD.sample "
            "BEGIN SELECT RAISE(ABORT, 'only sample cases can be removed'); END"
        ),
    ],
    "postgresql": [
        (
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        ),
        *(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            for table in APPEND_ONLY
        ),
        (
            "CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        ),
        (
            "CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        ),
        (
            "CREATE FUNCTION guard_case() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF TG_OP = 'INSERT' THEN "
            "IF NEW.audit_rev < 1 THEN RAISE EXCEPTION 'a case is born with its event'; END IF; RETURN NEW; END IF; "
            "IF TG_OP = 'DELETE' THEN "
            "IF NOT OLD.sample THEN RAISE EXCEPTION 'only sample cases can be removed'; END IF; RETURN OLD; END IF; "
            "IF NEW.state <> OLD.state AND NEW.audit_rev <> OLD.audit_rev + 1 THEN "
            "RAISE EXCEPTION 'a change of state needs its event'; END IF; "
            "IF NEW.audit_rev < OLD.audit_rev OR NEW.stream <> OLD.stream THEN "
            "RAISE EXCEPTION 'the revision of a case only grows'; END IF; "
            "RETURN NEW; END $$"
        ),
        (
            "CREATE TRIGGER cases_guard BEFORE INSERT OR UPDATE OR DELETE ON cases "
            "FOR EACH ROW EXECUTE FUNCTION guard_case()"
        ),
    ],
}
DROP_TRIGGERS = {
    "sqlite": [
        f"DROP TRIGGER {name}"
        for name in (
            *(f"{table}_no_update" for table in APPEND_ONLY),
            "audit_event_no_delete",
            "audit_event_no_replace",
            "cases_state_needs_event",
            "cases_revision_grows",
            "cases_born_with_event",
            "cases_no_delete",
        )
    ],
    "postgresql": ["DROP FUNCTION refuse_change() CASCADE", "DROP FUNCTION guard_case() CASCADE"],
}


def upgrade() -> None:
    """Make the tables, then the triggers that need them."""
    op.create_table(
        "audit_event",
        sa.Column("month", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("stands_for_id", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("month", "event_id", name="pk_audit_event"),
        sa.UniqueConstraint("stream", "rev", "month", name="uq_audit_event_stream_rev_month"),
    )
    op.create_index("ix_audit_event_action_event_id", "audit_event", ["action", "event_id"], unique=False)
    op.create_index("ix_audit_event_actor_id_event_id", "audit_event", ["actor_id", "event_id"], unique=False)
    op.create_index(
        "ix_audit_event_organisation_id_event_id", "audit_event", ["organisation_id", "event_id"], unique=False
    )
    op.create_table(
        "audit_opening",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "path", name="pk_audit_opening"),
    )
    op.create_table(
        "audit_pending",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_pending"),
    )
    op.create_table(
        "audit_stream",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("audit_rev", sa.Integer(), nullable=False),
        sa.Column("audit_head", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_audit_stream"),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("compliance_enrolled", sa.Boolean(), nullable=False),
        sa.Column("approval_steps", sa.Integer(), nullable=False),
        sa.Column("po_required", sa.Boolean(), nullable=False),
        sa.Column("sample", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organisation"),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("sample", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("totp_secret", sa.LargeBinary(), nullable=True),
        sa.Column("totp_last_step", sa.Integer(), nullable=False),
        sa.Column("recovery_hashes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("email", name="uq_person_email"),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("ip", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_attempt"),
    )
    op.create_index("ix_sign_in_attempt_account_at", "sign_in_attempt", ["account", "at"], unique=False)
    op.create_index("ix_sign_in_attempt_ip_at", "sign_in_attempt", ["ip", "at"], unique=False)
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_saved_view_person_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_saved_view"),
        sa.UniqueConstraint("person_id", "page", "name", name="uq_saved_view_person_id_page_name"),
    )
    op.create_table(
        "sign_in_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("second_factor_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ip", sa.Text(), nullable=True),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_sign_in_session_person_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_session"),
        sa.UniqueConstraint("token_hash", name="uq_sign_in_session_token_hash"),
    )
    op.create_index("ix_sign_in_session_person_id", "sign_in_session", ["person_id"], unique=False)
    op.create_table(
        "team",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="fk_team_organisation_id_organisation"),
        sa.ForeignKeyConstraint(["parent_id"], ["team.id"], name="fk_team_parent_id_team"),
        sa.PrimaryKeyConstraint("id", name="pk_team"),
    )
    op.create_index("ix_team_organisation_id", "team", ["organisation_id"], unique=False)
    op.create_table(
        "cases",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("definition", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("urgent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("waits_for", sa.Text(), nullable=False),
        sa.Column("desk", sa.Boolean(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("worker_id", sa.Uuid(), nullable=True),
        sa.Column("worker_organisation_id", sa.Uuid(), nullable=True),
        sa.Column("opened_by_id", sa.Uuid(), nullable=True),
        sa.Column("holder_id", sa.Uuid(), nullable=True),
        sa.Column("held_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("staff_sees", sa.Boolean(), nullable=False),
        sa.Column("worker_sees", sa.Boolean(), nullable=False),
        sa.Column("sample", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_version", sa.Integer(), nullable=False),
        sa.Column("content_digest", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("audit_rev", sa.Integer(), nullable=False),
        sa.Column("audit_month", sa.Integer(), nullable=False),
        sa.Column("audit_head", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["holder_id"], ["person.id"], name="fk_cases_holder_id_person"),
        sa.ForeignKeyConstraint(["opened_by_id"], ["person.id"], name="fk_cases_opened_by_id_person"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="fk_cases_organisation_id_organisation"),
        sa.ForeignKeyConstraint(
            ["stream", "audit_rev", "audit_month"],
            ["audit_event.stream", "audit_event.rev", "audit_event.month"],
            name="fk_cases_stream_audit_rev_audit_month_audit_event",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name="fk_cases_team_id_team"),
        sa.ForeignKeyConstraint(["worker_id"], ["person.id"], name="fk_cases_worker_id_person"),
        sa.ForeignKeyConstraint(
            ["worker_organisation_id"], ["organisation.id"], name="fk_cases_worker_organisation_id_organisation"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
        sa.UniqueConstraint("reference", name="uq_cases_reference"),
        sa.UniqueConstraint("stream", name="uq_cases_stream"),
    )
    op.create_index("ix_cases_desk_urgent_at_id", "cases", ["desk", "urgent_at", "id"], unique=False)
    op.create_index("ix_cases_holder_id_urgent_at_id", "cases", ["holder_id", "urgent_at", "id"], unique=False)
    op.create_index("ix_cases_kind_state_urgent_at_id", "cases", ["kind", "state", "urgent_at", "id"], unique=False)
    op.create_index(
        "ix_cases_organisation_id_urgent_at_id", "cases", ["organisation_id", "urgent_at", "id"], unique=False
    )
    op.create_index("ix_cases_waits_for_urgent_at_id", "cases", ["waits_for", "urgent_at", "id"], unique=False)
    op.create_index("ix_cases_worker_id_urgent_at_id", "cases", ["worker_id", "urgent_at", "id"], unique=False)
    op.create_table(
        "role_grant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by_id", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_role_grant_organisation_id_organisation"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_role_grant_person_id_person"),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name="fk_role_grant_team_id_team"),
        sa.PrimaryKeyConstraint("id", name="pk_role_grant"),
    )
    op.create_index("ix_role_grant_person_id", "role_grant", ["person_id"], unique=False)
    op.create_table(
        "answer_sheet",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("rule_set", sa.Text(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("rule_digest", sa.Text(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["cases.id"],
            name="fk_answer_sheet_case_id_cases",
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_answer_sheet"),
        sa.UniqueConstraint("case_id", "party", name="uq_answer_sheet_case_id_party"),
    )
    op.create_table(
        "case_comment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["cases.id"],
            name="fk_case_comment_case_id_cases",
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_case_comment"),
    )
    op.create_index("ix_case_comment_case_id", "case_comment", ["case_id"], unique=False)
    op.create_table(
        "case_deadline",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("entered_rev", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["cases.id"],
            name="fk_case_deadline_case_id_cases",
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_case_deadline"),
        sa.UniqueConstraint("case_id", "entered_rev", "what", name="uq_case_deadline_case_id_entered_rev_what"),
    )
    op.create_index(
        "ix_case_deadline_open",
        "case_deadline",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.create_table(
        "case_document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("added_by_id", sa.Uuid(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["cases.id"],
            name="fk_case_document_case_id_cases",
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_case_document"),
    )
    op.create_index("ix_case_document_case_id", "case_document", ["case_id"], unique=False)
    op.create_table(
        "case_look",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("content_version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["cases.id"],
            name="fk_case_look_case_id_cases",
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_case_look_person_id_person"),
        sa.PrimaryKeyConstraint("case_id", "person_id", name="pk_case_look"),
    )
    op.create_table(
        "case_task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["cases.id"],
            name="fk_case_task_case_id_cases",
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_case_task"),
        sa.UniqueConstraint("case_id", "key", name="uq_case_task_case_id_key"),
    )
    op.create_table(
        "case_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("made_by_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["cases.id"],
            name="fk_case_version_case_id_cases",
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_case_version"),
        sa.UniqueConstraint("case_id", "number", name="uq_case_version_case_id_number"),
    )
    op.create_table(
        "offer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("freelancer", sa.Text(), nullable=False),
        sa.Column("freelancer_email", sa.Text(), nullable=False),
        sa.Column("freelancer_country", sa.Text(), nullable=False),
        sa.Column("work_place", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("contract_type", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("hours_per_week", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("purchase_order", sa.Text(), nullable=False),
        sa.Column("former_employee", sa.Boolean(), nullable=False),
        sa.Column("months_worked", sa.Integer(), nullable=False),
        sa.Column("behavioural_control", sa.Text(), nullable=False),
        sa.Column("financial_control", sa.Text(), nullable=False),
        sa.Column("relationship_of_parties", sa.Text(), nullable=False),
        sa.Column("reason_codes", sa.JSON(), nullable=False),
        sa.Column("conditions", sa.Text(), nullable=False),
        sa.Column("what_would_change_it", sa.Text(), nullable=False),
        sa.Column("decided_version", sa.Integer(), nullable=True),
        sa.Column("decided_digest", sa.Text(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("grounds", sa.Text(), nullable=False),
        sa.Column("came_from", sa.Text(), nullable=False),
        sa.Column("disagreed_version", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["cases.id"], name="fk_offer_id_cases", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_offer"),
    )
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Take everything away again."""
    for statement in DROP_TRIGGERS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))
    op.drop_table("offer")
    op.drop_table("case_version")
    op.drop_table("case_task")
    op.drop_table("case_look")
    op.drop_index("ix_case_document_case_id", table_name="case_document")
    op.drop_table("case_document")
    op.drop_index(
        "ix_case_deadline_open",
        table_name="case_deadline",
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.drop_table("case_deadline")
    op.drop_index("ix_case_comment_case_id", table_name="case_comment")
    op.drop_table("case_comment")
    op.drop_table("answer_sheet")
    op.drop_index("ix_role_grant_person_id", table_name="role_grant")
    op.drop_table("role_grant")
    op.drop_index("ix_cases_worker_id_urgent_at_id", table_name="cases")
    op.drop_index("ix_cases_waits_for_urgent_at_id", table_name="cases")
    op.drop_index("ix_cases_organisation_id_urgent_at_id", table_name="cases")
    op.drop_index("ix_cases_kind_state_urgent_at_id", table_name="cases")
    op.drop_index("ix_cases_holder_id_urgent_at_id", table_name="cases")
    op.drop_index("ix_cases_desk_urgent_at_id", table_name="cases")
    op.drop_table("cases")
    op.drop_index("ix_team_organisation_id", table_name="team")
    op.drop_table("team")
    op.drop_index("ix_sign_in_session_person_id", table_name="sign_in_session")
    op.drop_table("sign_in_session")
    op.drop_table("saved_view")
    op.drop_index("ix_sign_in_attempt_ip_at", table_name="sign_in_attempt")
    op.drop_index("ix_sign_in_attempt_account_at", table_name="sign_in_attempt")
    op.drop_table("sign_in_attempt")
    op.drop_table("person")
    op.drop_table("organisation")
    op.drop_table("audit_stream")
    op.drop_table("audit_pending")
    op.drop_table("audit_opening")
    op.drop_index("ix_audit_event_organisation_id_event_id", table_name="audit_event")
    op.drop_index("ix_audit_event_actor_id_event_id", table_name="audit_event")
    op.drop_index("ix_audit_event_action_event_id", table_name="audit_event")
    op.drop_table("audit_event")
