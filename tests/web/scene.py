"""Two clients and the desk between them, and how tests read what stands on a page."""

import html
import re

from compliance.authz import Actor, Role
from compliance.engine import run
from compliance.kernel import clock
from compliance.kernel.db import session
from tests import make

LATER = {
    "starts_on": f"{clock.now().year + 1}-02-01",
    "ends_on": f"{clock.now().year + 1}-06-01",
}


class Scene:
    """Two clients, a reviewer, and permits that wait for the desk."""

    def __init__(self) -> None:
        self.acme, self.bolt = make.organisation("Acme"), make.organisation("Bolt")
        self.mona = make.actor("Mona", Role.HIRING_MANAGER, at=self.acme)
        self.bob = make.actor("Bob", Role.HIRING_MANAGER, at=self.bolt)
        self.rita = make.actor("Rita", Role.REVIEWER)
        self.ray = make.actor("Ray", Role.REVIEWER)

    def permit(self, title: str, client: Actor | None = None, size: str = "5") -> str:
        who, at = (self.bob, self.bolt) if client is self.bob else (self.mona, self.acme)
        made = run.open_case("permit", who, {"title": title, "size": size}, organisation_id=at.id)
        session().commit()
        run.fire("permit", made.case.reference, "submit", who)
        session().commit()
        return made.case.reference

    def claim(self, reference: str, who: Actor) -> None:
        run.fire("permit", reference, "claim", who)
        session().commit()


def titles(page: str) -> list[str]:
    return [html.unescape(title) for title in re.findall(r'class="row-title">([^<]*)<', page)]


def link(page: str, words: str) -> str:
    found = re.search(rf'<a[^>]*href="([^"]+)"[^>]*>(?:(?!</a>).)*{re.escape(words)}', page, flags=re.DOTALL)
    assert found, words
    return html.unescape(found[1])


def words(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))
