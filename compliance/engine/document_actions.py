"""Adding and withdrawing documents: actions that every process has whose declaration takes documents."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from wtforms import BooleanField, DateField, FileField, Form, StringField, TextAreaField
from wtforms.validators import UUID, InputRequired, Length, Optional

from compliance.audit.sealed import Sealed
from compliance.authz import is_at_desk
from compliance.engine.case import CaseDocument
from compliance.engine.definition import Action
from compliance.engine.documents import MAX_BYTES, NO_FILE, Documents, Examined, party_of
from compliance.engine.errors import NotFoundError, RefusedError
from compliance.engine.file_types import LABELS
from compliance.engine.move import Move
from compliance.kernel import files
from compliance.kernel.db import table
from compliance.kernel.ids import new_id

if TYPE_CHECKING:
    from compliance.engine.definition import Workflow

ADD: Final = "add_document"
WITHDRAW: Final = "withdraw_document"


class AddDocument(Form):
    """A file for everyone on the case, unless the desk keeps it to itself."""

    file = FileField("File", [InputRequired(NO_FILE)], description=f"{LABELS}, at most {MAX_BYTES // 1_000_000} MB.")
    expires_on = DateField(
        "Valid until", [Optional()], description="Where the document itself runs out, such as an insurance."
    )
    internal = BooleanField("Only for the desk", description="Neither the client nor the freelancer will see it.")


class DocumentField(StringField):
    """A document of the case, by id; pages name it in the address."""


class WithdrawDocument(Form):
    """Which document to take back, and why."""

    document = DocumentField("Document", [InputRequired("Choose a document."), UUID("Choose a document of the list.")])
    reason = TextAreaField("Reason", [InputRequired("Give your reason."), Length(max=2000)])


def document_actions(workflow: Workflow) -> tuple[Action, ...]:
    """Return the actions for *workflow*: none where it takes no documents."""
    taken = workflow.documents
    if taken is None:
        return ()
    everywhere, allow = tuple(workflow.states), taken.allow | workflow.worked_by
    return (
        Action(
            ADD, "Add a document", everywhere, None, allow, AddDocument, (_in_time,), effect=_add, common=True, key="v",
        ),
        Action(
            WITHDRAW, "Withdraw a document", everywhere, None, allow, WithdrawDocument, (_in_time,), effect=_withdraw,
            common=True, listed=False,
        ),
    )  # fmt: skip


def _in_time(move: Move) -> str | None:
    """Take documents from the parties in the states that the process names, and from the desk always."""
    taken = _rules(move)
    if is_at_desk(move.actor, move.case) or move.case.state in taken.states:
        return None
    return taken.closed


def _add(move: Move) -> None:
    file: Examined = move.fact("file")
    internal = bool(move.fact("internal")) and is_at_desk(move.actor, move.case)
    _refuse_twin(move, file.arrived.sha256)
    _refuse_too_many(move, file.arrived.size)
    files.documents().keep(file.arrived)
    row = {
        "id": new_id(),
        "case_id": move.case.id,
        "name": file.name,
        "media_type": file.kind.media_type,
        "size": file.arrived.size,
        "sha256": file.arrived.sha256,
        "party": party_of(move.actor, move.case),
        "internal": internal,
        "expires_on": move.fact("expires_on"),
        "added_by_id": move.actor.id,
        "added_at": move.at,
    }
    # Not through the session: the digest of the content is taken before the session writes anything.
    move.session.execute(sa.insert(table(CaseDocument)), [row])
    said = {"document": str(row["id"]), "name": Sealed(file.name), "sha256": file.arrived.sha256}
    said |= {"size": file.arrived.size, "type": file.kind.media_type}
    move.changes |= {key: [None, value] for key, value in said.items()}
    if internal:
        move.changes["internal"] = [None, True]
    if row["expires_on"]:
        move.changes["expires_on"] = [None, row["expires_on"].isoformat()]


def _withdraw(move: Move) -> None:
    found = move.session.scalar(
        sa.select(CaseDocument).where(
            CaseDocument.id == uuid.UUID(move.fact("document")),
            CaseDocument.case_id == move.case.id,
            CaseDocument.withdrawn_at.is_(None),
            sa.true() if is_at_desk(move.actor, move.case) else CaseDocument.internal.is_(False),
        )
    )
    if found is None:
        raise NotFoundError("There is no such document here. Look at the list of the case.")
    if found.party != party_of(move.actor, move.case):
        raise RefusedError("Somebody else's side added this document; only they can withdraw it.")
    change = sa.update(table(CaseDocument)).where(CaseDocument.id == found.id)
    move.session.execute(change.values(withdrawn_at=move.at, withdrawn_by_id=move.actor.id))
    move.session.expire(found)
    move.changes |= {"document": [str(found.id), None], "sha256": [found.sha256, None]}


def _refuse_twin(move: Move, sha256: str) -> None:
    """Refuse the same bytes a second time, as far as the actor may know of the first."""
    twin = move.session.scalar(
        sa.select(CaseDocument.name).where(
            CaseDocument.case_id == move.case.id,
            CaseDocument.sha256 == sha256,
            CaseDocument.withdrawn_at.is_(None),
            sa.true() if is_at_desk(move.actor, move.case) else CaseDocument.internal.is_(False),
        )
    )
    if twin is not None:
        raise RefusedError(f"This file is here already, as “{twin}”. It was not added again.")


def _refuse_too_many(move: Move, size: int) -> None:
    taken = _rules(move)
    standing = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(CaseDocument.size), 0)).where(
        CaseDocument.case_id == move.case.id
    )
    count, total = move.session.execute(standing).one()
    if count >= taken.most or total + size > taken.most_bytes:
        raise RefusedError(
            f"A case holds at most {taken.most} documents and {taken.most_bytes // 1_000_000} MB, withdrawn ones "
            "included. Put several into one file."
        )


def _rules(move: Move) -> Documents:
    taken: Documents | None = move.workflow.documents
    if taken is None:
        raise RefusedError("This process takes no documents.")
    return taken
