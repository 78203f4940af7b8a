"""From draft to submitted: the task list, the check with its changes, the confirmation."""

import re
from collections.abc import Callable

import pytest

from compliance.authz import Actor, Role
from compliance.engine.definition import DefinitionError, Workflow
from compliance.engine.tasks import Status
from tests import make
from tests.engine.processes import permit
from tests.offer.scene import Desk
from tests.web.conftest import Browser

SignIn = Callable[[Actor | None], Browser]
AHEAD = {"starts_on": "2099-04-01", "ends_on": "2099-07-31"}


@pytest.fixture
def desk(sign_in: SignIn) -> Desk:
    del sign_in  # Asked for so that the database is there.
    made = Desk()
    made.open(**AHEAD)
    return made


def at(desk: Desk, page: str) -> str:
    return f"/offers/{desk.reference}/{page}"


def statuses(page: str) -> dict[str, str]:
    """Return each task with its status."""
    found = {}
    for item in re.findall(r'<li class="task">(.*?)</li>', page, re.DOTALL):
        label = re.search(r'(?:class="task-link"[^>]*|<span)>([^<]+)<', item)
        status = re.search(r"</svg>([^<]+)</span>", item)
        assert label
        assert status
        found[label[1]] = status[1]
    return found


def test_a_draft_shows_what_is_left_to_do(sign_in: SignIn, desk: Desk) -> None:
    mona = sign_in(desk.mona)
    assert at(desk, "tasks") in mona.read(f"/offers/{desk.reference}").text
    page = mona.read(at(desk, "tasks")).text
    assert statuses(page) == {
        "Terms": "Completed",
        "Questions about the work": "Completed",
        "Documents": "Optional",
        "Check and submit": "Not started",
    }
    assert at(desk, "questions") in page
    assert len(Status) <= 5


def test_what_the_client_asks_for_needs_attention_and_holds_submitting_up(sign_in: SignIn) -> None:
    desk = Desk(po_required=True, approval_steps=2)
    desk.open(**AHEAD)
    mona = sign_in(desk.mona)
    page = mona.read(at(desk, "tasks")).text
    assert statuses(page) == {
        "Terms": "Needs attention",
        "Questions about the work": "Completed",
        "Documents": "Optional",
        "Your company&#39;s approval": "Cannot start yet",
        "Check and submit": "Cannot start yet",
    }
    assert "Edit the offer and add it." in page
    assert "2 approvers sign after you submit" in page
    assert "First comes “Terms”." in page
    refused = mona.send(at(desk, "check"))
    assert refused.status_code == 409
    assert "Edit the offer and add it." in refused.text
    assert mona.send(at(desk, "change/4?to=tasks"), contract_type="fixed", amount="1", currency="GBP",
                     purchase_order="PO-7").location.endswith("/tasks")  # fmt: skip
    assert statuses(mona.read(at(desk, "tasks")).text)["Check and submit"] == "Not started"
    assert mona.send(at(desk, "check")).status_code == 303
    assert "approvers" in mona.read(at(desk, "sent")).text


def test_terms_that_the_form_would_refuse_by_now_need_attention(sign_in: SignIn, desk: Desk) -> None:
    desk.open(starts_on="2001-01-01", ends_on="2001-02-01")
    page = sign_in(desk.mona).read(at(desk, "tasks")).text
    assert statuses(page)["Terms"] == "Needs attention"
    assert "The first day has passed." in page


def test_every_answer_is_checked_with_its_way_to_change_it_and_back(sign_in: SignIn, desk: Desk) -> None:
    mona = sign_in(desk.mona)
    page = mona.read(at(desk, "check")).text
    for words in (
        "Fay Kirk Ltd",
        "A fixed price",
        "12,500.00",
        "01 April 2099",
        "United Kingdom (GB)",
        "Check or change your answers",
        "Not provided",
        "Who does the work",
    ):
        assert words in page
    assert page.count(">Change<") == 18
    change = next(href for href in re.findall(r'href="([^"]+)"', page) if href.endswith("#work_place"))
    changed = mona.send(change.partition("#")[0].replace("&amp;", "&"), client_country="GB", work_place="JP",
                        starts_on="2099-05-01", ends_on="2099-07-31", hours_per_week="10")  # fmt: skip
    assert changed.status_code == 303
    assert changed.location.endswith("/check")
    page = mona.read(changed.location).text
    assert "Japan (JP)" in page
    assert "Fay Kirk Ltd" in page
    desk.client_answers(desk.result)  # Asked again, since the answers were about work elsewhere.
    done = mona.send(at(desk, "check"))
    assert done.location.endswith("/sent")
    confirmation = mona.read(done.location).text
    assert desk.reference in confirmation
    assert "What happens next" in confirmation
    assert "Next acts the compliance reviewer" in confirmation
    assert desk.offer(desk.mona).state == "submitted"


def test_a_change_that_is_refused_stays_on_its_page_as_it_was_typed(sign_in: SignIn, desk: Desk) -> None:
    mona = sign_in(desk.mona)
    refused = mona.send(at(desk, "change/4"), contract_type="fixed", amount="lots", currency="GBP")
    assert refused.status_code == 422
    assert 'value="lots"' in refused.text
    assert mona.send(at(desk, "change/1"), freelancer="Mona", freelancer_email="mona@example.com",
                     freelancer_country="GB", months_worked="0").status_code == 409  # fmt: skip
    assert desk.offer(desk.mona).freelancer == "Fay Kirk Ltd"


def test_a_box_that_is_unticked_is_taken_off(sign_in: SignIn, desk: Desk) -> None:
    desk.open(**AHEAD, former_employee="true")
    who = {"freelancer": "Fay", "freelancer_email": "fay@example.com", "freelancer_country": "GB", "months_worked": "3"}
    assert sign_in(desk.mona).send(at(desk, "change/1"), **who).status_code == 303
    assert desk.offer(desk.mona).former_employee is False
    assert desk.offer(desk.mona).months_worked == 3


def test_what_changed_since_it_was_checked_is_checked_again(sign_in: SignIn, desk: Desk) -> None:
    mona = sign_in(desk.mona)
    page = mona.read(at(desk, "check")).text
    token, seen = (re.search(rf'name="{name}" value="([^"]*)"', page) for name in ("csrf_token", "seen"))
    assert token
    assert seen
    who = {"freelancer": "Fay", "freelancer_email": "fay@example.com", "freelancer_country": "GB", "months_worked": "3"}
    mona.send(at(desk, "change/1"), **who)
    refused = mona.client.post(at(desk, "check"), data={"csrf_token": token[1], "seen": seen[1]})
    assert refused.status_code == 409
    assert "It was changed after you opened this page." in refused.text
    assert desk.offer(desk.mona).state == "draft"


@pytest.mark.parametrize("page", ["tasks", "check"])
def test_what_was_submitted_has_no_task_list_any_more(sign_in: SignIn, desk: Desk, page: str) -> None:
    mona = sign_in(desk.mona)
    assert mona.read(at(desk, "sent")).location.endswith("/tasks")
    mona.send(at(desk, "check"))
    assert mona.read(at(desk, page)).location.endswith(f"/offers/{desk.reference}")
    assert mona.read(at(desk, "change/1")).status_code == 404
    assert mona.client.post(at(desk, "check")).status_code == 400


def test_another_organisations_people_find_nothing(sign_in: SignIn, desk: Desk) -> None:
    stranger = sign_in(make.actor("Sam", Role.HIRING_MANAGER, at=make.organisation("Other")))
    for page in ("tasks", "check", "sent", "change/1"):
        assert stranger.read(at(desk, page)).status_code == 404


@pytest.mark.parametrize("number", ["0", "5", "9" * 400, "x"])
def test_a_page_that_is_none_is_not_found(sign_in: SignIn, desk: Desk, number: str) -> None:
    assert sign_in(desk.mona).read(at(desk, f"change/{number}")).status_code == 404


def test_whoever_only_looks_on_can_neither_change_nor_submit(sign_in: SignIn, desk: Desk) -> None:
    viewer = sign_in(make.actor("Vic", Role.VIEWER, at=desk.client))
    assert at(desk, "tasks") not in viewer.read(f"/offers/{desk.reference}").text
    page = viewer.read(at(desk, "tasks")).text
    assert statuses(page)["Check and submit"] == "Cannot start yet"
    assert "This is for: Account admin, Hiring manager." in page
    assert "Change<" not in viewer.read(at(desk, "check")).text
    assert viewer.send(at(desk, "check")).status_code == 403
    assert viewer.send(at(desk, "change/1"), freelancer="x").status_code == 403


def declared(**words: object) -> Workflow:
    plain = permit.workflow
    return Workflow(
        kind="odd", title="Odd", model=permit.Permit, states=permit.State, start=permit.State.DRAFT,
        actions=plain.actions, open_form=permit.Terms, may_open=permit.reviewer, **words,  # type: ignore[arg-type]
    )  # fmt: skip


def test_a_process_that_names_no_action_of_its_own_cannot_be_declared() -> None:
    with pytest.raises(DefinitionError, match="no action is called"):
        declared(submit="send")
    assert declared(submit="submit", edit="edit").submit == "submit"


@pytest.mark.parametrize("pages", [(("A", ("title",)),), (("A", ("title", "size", "size")),), (("A", ("title", "x")),)])
def test_pages_that_leave_a_field_out_or_double_it_cannot_be_declared(
    pages: tuple[tuple[str, tuple[str, ...]], ...],
) -> None:
    with pytest.raises(DefinitionError, match="belongs to one page"):
        declared(pages=pages)
