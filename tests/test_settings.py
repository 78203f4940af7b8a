import re
from pathlib import Path

import pytest

from compliance.settings import UnsafeSettingsError, from_environment

SAFE = {
    "COMPLIANCE_ENV": "production",
    "COMPLIANCE_SECRET_KEY": "x" * 32,
    "COMPLIANCE_BASE_URL": "https://desk.example",
}
ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    "change,word",
    [
        ({"COMPLIANCE_SECRET_KEY": "short"}, "COMPLIANCE_SECRET_KEY"),
        ({"COMPLIANCE_SECRET_KEY": ""}, "COMPLIANCE_SECRET_KEY"),
        ({"COMPLIANCE_BASE_URL": "http://desk.example"}, "https"),
        ({"COMPLIANCE_ENV": "live"}, "COMPLIANCE_ENV"),
    ],
)
def test_an_unsafe_installation_does_not_start(change: dict[str, str], word: str) -> None:
    with pytest.raises(UnsafeSettingsError, match=word):
        from_environment({**SAFE, **change})


def test_a_safe_installation_starts() -> None:
    assert from_environment(SAFE).production


def test_every_setting_is_in_the_readme_and_nothing_else_is() -> None:
    code = set(re.findall(r"COMPLIANCE_[A-Z_]+", (ROOT / "compliance" / "settings.py").read_text()))
    table = set(re.findall(r"^\| `(COMPLIANCE_[A-Z_]+)`", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert table == code


def test_a_development_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    first = from_environment({"COMPLIANCE_DATA_DIR": str(tmp_path)})
    assert from_environment({"COMPLIANCE_DATA_DIR": str(tmp_path)}).secret_key == first.secret_key
    assert (tmp_path / "secret-key").stat().st_mode & 0o077 == 0
