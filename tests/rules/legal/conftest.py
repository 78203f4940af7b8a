import datetime as dt
import itertools
import shutil
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest

from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.library import Library

ON = dt.date(2026, 12, 31)
SHIPPED = Path(str(resources.files("workflows"))) / "rules"
_numbers = itertools.count()


@pytest.fixture(scope="session")
def library() -> Library:
    return Library(("workflows",))


@pytest.fixture(scope="session")
def find(library: Library) -> Callable[[str], LegalTest]:
    def by_key(key: str) -> LegalTest:
        found = library.find(key, at=ON)
        assert isinstance(found, LegalTest)
        return found

    return by_key


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Library, Path]]:
    """Put copies of shipped sets into a package of their own, where they can be broken."""

    def with_sets(*keys: str) -> tuple[Library, Path]:
        name = f"shelf{next(_numbers)}"
        root = tmp_path / name / "rules"
        root.mkdir(parents=True)
        (root.parent / "__init__.py").touch()
        for file in ("questions.toml", "places.toml"):
            shutil.copy(SHIPPED / file, root / file)
        for key in keys:
            shutil.copytree(SHIPPED / key, root / key)
        monkeypatch.syspath_prepend(tmp_path)
        return Library((name,)), root

    return with_sets


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, old
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
