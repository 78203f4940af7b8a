"""Finding processes and building their machines. Only this room knows the package ``transitions``."""

from __future__ import annotations

import enum
import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from flask import current_app
from transitions import Machine

from compliance.audit import vocabulary
from compliance.engine.common import common_actions
from compliance.engine.definition import Branch, Condition, DefinitionError, Workflow


@dataclass(frozen=True)
class Process:
    """A workflow with its common actions and its machine."""

    workflow: Workflow
    machine: Machine


class Registry:
    """Every process that was discovered, by kind and version."""

    def __init__(self) -> None:
        self._versions: dict[str, dict[int, Process]] = {}

    def add(self, workflow: Workflow) -> None:
        """Take *workflow* and its earlier versions in; raises :class:`DefinitionError` when the kind is taken."""
        if workflow.kind in self._versions:
            raise DefinitionError(f"two processes call themselves {workflow.kind}")
        for version in (*workflow.earlier, workflow):
            whole = replace(version, actions=(*version.actions, *common_actions(version)))
            self._versions.setdefault(workflow.kind, {})[version.version] = Process(whole, build_machine(whole))
            vocabulary.add(whole.kind, ["open", *(action.name for action in whole.actions)])
        vocabulary.add(workflow.kind, ["late", "remind", "move"])

    def process(self, kind: str, version: int | None = None) -> Process:
        """Return the process of *kind*, the newest version unless one is named; raises ``KeyError``."""
        versions = self._versions[kind]
        return versions[max(versions) if version is None else version]

    def versions(self, kind: str) -> list[Workflow]:
        """Return every version of *kind*, the newest first; none for a kind that there is not."""
        found = self._versions.get(kind, {})
        return [found[number].workflow for number in sorted(found, reverse=True)]

    def __iter__(self) -> Iterator[Workflow]:
        """Iterate over the newest version of each process, by kind."""
        return (self.process(kind).workflow for kind in sorted(self._versions))


def discover(packages: Iterable[str]) -> Registry:
    """Import every module of *packages* and take in each ``workflow`` found there."""
    registry = Registry()
    for name in packages:
        package = importlib.import_module(name)
        for module in sorted(pkgutil.iter_modules(package.__path__, f"{name}."), key=lambda found: found.name):
            workflow = getattr(importlib.import_module(module.name), "workflow", None)
            if isinstance(workflow, Workflow):
                registry.add(workflow)
    return registry


def registry() -> Registry:
    """Return the registry of the running application."""
    found: Registry = current_app.extensions["workflows"]
    return found


def build_machine(workflow: Workflow) -> Machine:
    """Return the unbound machine of *workflow*: one for all cases, fired by event, so that nothing is kept per case."""
    machine = Machine(
        model=None,
        states=[state.value for state in workflow.states],
        initial=workflow.start.value,
        auto_transitions=False,
    )
    for action in workflow.actions:
        for source in action.sources:
            for condition, target in _ways(action.target):
                machine.add_transition(action.name, source.value, target, conditions=[condition] if condition else None)
    return machine


def _ways(target: enum.StrEnum | Branch | None) -> tuple[tuple[Condition | None, str | None], ...]:
    if isinstance(target, Branch):
        return target.ways
    return ((None, target.value if target is not None else None),)
