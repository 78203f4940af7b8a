"""Other versions of shipped rule sets, published as an earlier release would have."""

from __future__ import annotations

import json

import sqlalchemy as sa

from compliance.kernel import clock
from compliance.kernel.db import session, table
from compliance.rules import store
from compliance.rules.library import AnySet


def publish_another(key: str, version: str, *changes: tuple[str, str]) -> AnySet:
    """Publish the newest shipped version of *key* as *version*, with *changes* of its text."""
    *_, shipped = store.library().everything(key)
    text = store.content_of(shipped).replace(f"{key}/{shipped.version}/", f"{key}/{version}/")
    text = text.replace(f'version = \\"{shipped.version}\\"', f'version = \\"{version}\\"')
    for change in changes:
        old, new = (json.dumps(one, ensure_ascii=False)[1:-1] for one in change)
        assert old in text, old
        text = text.replace(old, new)
    made = store.read(key, version, text)
    row = {"key": key, "version": version, "digest": made.digest, "content": text, "by": "an earlier release"}
    session().execute(sa.insert(table(store.RuleSetVersion)), [{**row, "published_at": clock.now()}])
    session().commit()
    return made
