"""Who hears of an offer, and that nothing of the desk's own reaches the other parties."""

import pytest
import sqlalchemy as sa

from compliance.authz import Role
from compliance.kernel.db import session
from compliance.messages.models import MailMessage, Notification
from compliance.people.models import Person
from tests import make
from tests.offer.scene import AGAINST, APPROVAL, Desk

pytestmark = pytest.mark.usefixtures("app")


def news() -> list[tuple[str, str, str]]:
    """Return who was told what for which reason since this was last asked."""
    rows = session().execute(
        sa.select(Person.name, Notification.kind, Notification.reason).join(Person, Person.id == Notification.person_id)
    )
    found = sorted((row.name, row.kind, row.reason) for row in rows)
    session().execute(sa.delete(Notification))
    session().commit()
    return found


def test_a_question_tells_whoever_is_asked_and_its_answer_nobody_while_nobody_holds_the_case(desk: Desk) -> None:
    desk.in_review()
    news()
    desk.act(desk.rita, "ask_client", asked="Which office?")
    assert news() == [("Mona", "turn", "Your turn")]
    desk.act(desk.mona, "answer", answer="None.")
    assert news() == []
    desk.act(desk.rita, "take_review")
    desk.act(desk.rita, "ask_freelancer", asked="Other clients?")
    assert news() == [("Fay", "turn", "Your turn")]


def test_the_clients_own_approvers_are_told_that_an_offer_waits_for_them(desk: Desk) -> None:
    desk.client.approval_steps = 1
    make.actor("Ada", Role.APPROVER, at=desk.client)
    make.actor("Eve", Role.APPROVER, at=make.organisation("Other"))
    desk.open()
    desk.act(desk.mona, "submit")
    assert news() == [("Ada", "turn", "Your turn")]


def test_both_parties_hear_of_a_determination_and_each_event_once(desk: Desk) -> None:
    desk.in_review()
    desk.act(desk.rita, "approve", **APPROVAL)
    assert news() == [("Fay", "decided", "Enterprise Ready"), ("Mona", "decided", "Enterprise Ready")]
    addresses = session().scalars(sa.select(MailMessage.address).order_by(MailMessage.address)).all()
    assert addresses == ["fay@example.com", "mona@example.com"]


def test_a_freelancer_never_hears_of_an_offer_that_was_never_theirs_to_see(desk: Desk) -> None:
    desk.open()
    desk.act(desk.mona, "withdraw", reason="No budget")
    assert news() == []


def test_nothing_that_the_desk_writes_for_itself_reaches_another_party(desk: Desk) -> None:
    secret = "The desk's own word"
    desk.in_review(former_employee="true")
    desk.act(desk.rita, "comment", body=secret, internal="true")
    desk.act(desk.rita, "escalate", reason=secret)
    desk.act(desk.sue, "take_second")
    desk.act(desk.sue, "assign", assignee=str(desk.sol.id), reason=secret)
    desk.act(desk.sol, "reject", **{**AGAINST, "reason": secret})
    rows = session().execute(sa.select(MailMessage.address, MailMessage.subject, MailMessage.text)).all()
    assert {row.address for row in rows} == {"fay@example.com", "mona@example.com", "sol@example.com"}
    assert secret not in "".join(row.subject + row.text for row in rows)
    assert secret not in "".join(session().scalars(sa.select(Notification.reason)))
