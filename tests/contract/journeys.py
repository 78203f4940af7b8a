"""Finding how each state of a process is reached: a search that fires real actions by everybody who may.

Nothing here knows a process. From every state that was reached, each of its actions is tried, by the people whom it
allows, with its form filled in both ways; what cannot be done yet is tried again after what can be done on the spot.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from itertools import product

from compliance.engine import run
from compliance.engine.case import Case
from compliance.engine.definition import Action, Holder, Workflow
from compliance.engine.errors import EngineError, NotFoundError
from compliance.engine.registry import registry
from compliance.kernel import clock
from compliance.kernel.db import session
from tests.contract.filling import Someone, filled
from tests.contract.play import ITSELF, WORLDS, Act, Open, Path, Play, Wait

# How many actions may be needed on the spot before a case can leave a state.
LONGEST_STAY = 3
FAR = 99


@dataclass
class Journeys:
    """What was found of one process."""

    paths: dict[str, Path] = field(default_factory=dict)
    words: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    refusals: dict[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Place:
    """Somewhere to go on from: the path that leads there, where it began, and what was done on the spot."""

    path: Path
    start: int
    state: str = ""
    stay: tuple[tuple[str, Someone], ...] = ()
    findings: frozenset[tuple[str, str]] = frozenset()

    @property
    def key(self) -> object:
        return self.start, self.state, frozenset(self.stay), self.findings


@dataclass
class _Search:
    workflow: Workflow
    play: Play
    found: Journeys = field(default_factory=Journeys)
    queue: deque[_Place] = field(default_factory=deque)
    seen: set[object] = field(default_factory=set)
    # Waiting in which something else happened first; longer waiting by a case that began alike brings no more.
    in_vain: set[tuple[int, str, str]] = field(default_factory=set)
    # Actions of every process that change what is decided on, and so let somebody do what nobody could before.
    opening: set[str] = field(default_factory=set)
    # What somebody tried to do in a state, with whatever success.
    tried: set[tuple[str, str]] = field(default_factory=set)
    # How far each place is from what is missing, as long as nothing new was found.
    distances: dict[tuple[int, str], int] = field(default_factory=dict)
    # What could be done where the search is just now, once that was asked.
    could: set[tuple[str, Someone]] | None = None

    def run(self) -> Journeys:
        openers = [who for who in self.play.cast.allowed(self.workflow.may_open) if who.number == 0] or [ITSELF]
        for start, (who, great, world) in enumerate(product(openers, (False, True), WORLDS)):
            data = filled(self.workflow.open_form, self.play.cast.person_id, great=great)
            self.queue.append(
                _Place(Path(self.workflow.kind, world, (Open(who, data),)), start, self.workflow.start.value)
            )
        beginning = clock.now()
        while self.queue:
            self.play.traveller.move_to(beginning, tick=False)
            self.distances.clear()
            nearest = min(self.queue, key=self.nearness)
            self.queue.remove(nearest)
            if self.leads_on(nearest.start, nearest.state) or self.misses_common():
                self.explore(nearest)
        return self.found

    def nearness(self, place: _Place) -> tuple[int, int, int]:
        """Return what puts places in order: those near something that is still to be found come first.

        Whatever was done on the spot counts as steps too: before trying ever more there, try what leads there anew.
        """
        return self.distance(place.start, place.state) + len(place.stay), place.start, len(place.path.steps)

    def leads_on(self, start: int, state: str) -> bool:
        """Tell whether something is still to be found in *state*, or anywhere that it leads to."""
        return self.distance(start, state) < FAR

    def distance(self, start: int, state: str) -> int:
        """Return how many steps from *state* something is still to be found by a case that began as *start*."""
        if (start, state) not in self.distances:
            self.distances[start, state] = self.measured(start, state)
        return self.distances[start, state]

    def measured(self, start: int, state: str) -> int:
        steps, edge, reached = 0, {state}, {state}
        while edge and not any(self.has_missing(start, state) for state in edge):
            leaving = [action for action in self.workflow.actions if edge & set(action.sources)]
            edge = {target for action in leaving for target in action.targets} - reached
            reached |= edge
            steps += 1
        return steps if edge else FAR

    def explore(self, place: _Place) -> None:
        place, self.could = replace(place, state=self.begin(place.path).state), None
        self.found.paths.setdefault(place.state, place.path)
        for action in self.workflow.actions:
            if place.state in action.sources and self.is_worth_trying(place, action):
                if action.by_itself:
                    self.wait(place, action)
                else:
                    self.act(place, action)

    def begin(self, path: Path) -> Case:
        self.play.forget_other_cases()
        return self.play.begin(path)

    def is_worth_trying(self, place: _Place, action: Action) -> bool:
        if (place.start, place.state, action.name) in self.in_vain:
            return False
        if _is_common(action) and action.name not in self.opening:
            return (place.state, action.name) not in self.tried or self.is_missed(action)
        return (place.state, action.name) not in self.found.words or any(
            self.leads_on(place.start, state) for state in action.targets or (place.state,)
        )

    def has_missing(self, start: int, state: str) -> bool:
        leaving = [
            a for a in self.workflow.actions if state in a.sources and (start, state, a.name) not in self.in_vain
        ]
        return state not in self.found.paths or any(self.is_missing(state, action) for action in leaving)

    def is_missing(self, state: str, action: Action) -> bool:
        """Tell whether *action* is to be seen there: what people do in every state, what happens by itself in one."""
        if action.by_itself:
            return action.name not in {name for _, name in self.found.words}
        return not action.common and (state, action.name) not in self.found.words

    def act(self, place: _Place, action: Action) -> None:
        """Try *action* with each way to fill in its form, by whoever may; a claim by all who could go on with it."""
        takes = action.holder is Holder.TAKE and not action.targets
        self.tried.add((place.state, action.name))
        able = self.who_tries(place.state, action, takes=takes)
        for great in (False, True) if list(action.form()) else (False,):
            # Whoever is refused with one way to fill in the form need not try the other.
            data, asked, able = filled(action.form, self.play.cast.person_id, great=great), able, []
            for who in asked:
                if self.attempt(place, Act(action.name, who, data), action):
                    able.append(who)
                    if not takes:
                        break

    def attempt(self, place: _Place, step: Act, action: Action) -> bool:
        """Take *step*, look at what came of it, and take it back."""
        case = self.play.case
        before, content = case.audit_rev, case.content_digest
        if _is_common(action) and self.could is None:
            self.could = self.can_be_done(case)
        try:
            self.play.step(step)
        except EngineError as refused:
            self.found.refusals.setdefault((place.state, action.name), refused.sentence)
            return False
        else:
            self.note(place.state, action, before)
            if not _is_common(action) or self.opens(self.play.case, action, content):
                self.follow(place, step)
            return True
        finally:
            session().rollback()

    def who_tries(self, state: str, action: Action, *, takes: bool) -> list[Someone]:
        """Return whom *action* allows; where it takes a claim, only those with something left to do with it."""
        allowed = list(self.play.cast.allowed(action.allow))
        if not takes:
            return allowed
        left = [a for a in self.workflow.actions if state in a.sources and self.is_missing(state, a)]
        able = {who for a in left for who in self.play.cast.allowed(a.allow)}
        return [who for who in allowed if who in able] or [who for who in allowed if self.sees(who)][:1]

    def sees(self, who: Someone) -> bool:
        """Tell whether *who* sees the case that the search is at."""
        try:
            run.find(self.play.kind, self.play.reference, self.play.cast.actor(who))
        except NotFoundError:
            return False
        return True

    def wait(self, place: _Place, action: Action) -> None:
        """Let the deadline of *action* pass, then go back to before."""
        step = Wait(f"act:{action.name}")
        if step.what not in {deadline.what for deadline in self.play.open_deadlines()}:
            return
        before, now = self.play.case.audit_rev, clock.now()
        self.play.step(step)
        self.note(place.state, action, before)
        if (place.state, action.name) not in self.found.words:
            self.in_vain.add((place.start, place.state, action.name))
        self.follow(place, step)
        self.play.traveller.move_to(now, tick=False)
        self.begin(place.path)

    def note(self, state: str, action: Action, before: int) -> None:
        """Keep what the record says of it, and of what followed by itself."""
        words = self.play.words_after(before)
        if action.name in words:
            self.found.words.setdefault((state, action.name), words[words.index(action.name) :])
        for name in words:
            follower = self.workflow.action(name)
            if follower is not None and follower.auto:
                for source in follower.sources:
                    self.found.words.setdefault((source.value, name), [name])

    def follow(self, place: _Place, step: Act | Wait) -> None:
        """Go on from where *step* led, unless that was done already or can bring nothing new."""
        case = self.play.case
        state, path = str(case.state), place.path.then(step)
        self.found.paths.setdefault(state, path)
        moved = state != place.state or not isinstance(step, Act)
        stay = () if moved or not isinstance(step, Act) else (*place.stay, (step.action, step.who))
        following = _Place(path, place.start, state, stay, self.play.findings(case))
        if not self.leads_on(place.start, state) and not self.misses_common():
            return
        if following.key not in self.seen and len(stay) <= LONGEST_STAY:
            self.seen.add(following.key)
            self.queue.append(following)

    def opens(self, case: Case, action: Action, content: str) -> bool:
        """Tell whether *action* was more than a remark: it changed what is decided on, and somebody can do more now."""
        if case.content_digest == content:
            return False
        if self.could is not None and not self.can_be_done(case) <= self.could:
            self.opening.add(action.name)
            return True
        return self.misses_common()

    def misses_common(self) -> bool:
        """Tell whether an action that every process has was not seen anywhere yet."""
        return any(action.common and self.is_missed(action) for action in self.workflow.actions)

    def is_missed(self, action: Action) -> bool:
        return action.name not in {name for _, name in self.found.words}

    def can_be_done(self, case: Case) -> set[tuple[str, Someone]]:
        """Return what can be done to *case* where it stands, and by whom, without what can be done everywhere."""
        return {
            (offered.action.name, who)
            for who, actor in self.play.cast.actors.items()
            for offered in run.available(case, actor)
            if offered.refusal is None and not offered.action.common
        }


def _is_common(action: Action) -> bool:
    """Tell whether every process has *action* and it leaves the claim alone: mostly that makes it a remark."""
    return action.common and action.holder is Holder.KEEP


def explore(kind: str, play: Play) -> Journeys:
    """Return how each state of the process *kind* is reached, and what each action that was done has written."""
    return _Search(registry().process(kind).workflow, play).run()
