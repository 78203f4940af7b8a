import datetime as dt
import re
from pathlib import Path

import pytest

from compliance.settings import UnsafeSettingsError, from_environment

SAFE = {
    "COMPLIANCE_ENV": "production",
    "COMPLIANCE_SECRET_KEY": "Zk3v9QmX7r2LpWc8TfYh4NsBd6JgUa1E",
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
        ({"COMPLIANCE_SECRET_KEY": "change-me" * 5}, "random"),
        ({"COMPLIANCE_HOSTS": "*"}, "COMPLIANCE_HOSTS"),
        ({"COMPLIANCE_HOSTS": "desk.example:443"}, "COMPLIANCE_HOSTS"),
        ({"COMPLIANCE_TRUSTED_PROXIES": "10.0.0.0/8,here"}, "COMPLIANCE_TRUSTED_PROXIES"),
        ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG"),
        ({"COMPLIANCE_DATABASE_URL": "mysql://desk@localhost/desk"}, "must begin with sqlite:// or postgresql"),
        ({"COMPLIANCE_BASE_URL": "ftp://desk.example"}, "the address that people use"),
        ({"COMPLIANCE_BASE_URL": "https://"}, "the address that people use"),
        ({"COMPLIANCE_SECURITY_CONTACT": "the porter"}, "COMPLIANCE_SECURITY_CONTACT must begin with mailto:"),
        ({"COMPLIANCE_SECRET_KEY_OLD": "x"}, "COMPLIANCE_SECRET_KEY_OLD"),
        ({"COMPLIANCE_WORKFLOWS": "workflows,nope"}, "“nope”, which Python does not find"),
        ({"COMPLIANCE_WORKFLOWS": "no.such.place"}, "which Python does not find"),
        ({"COMPLIANCE_WORKFLOWS": ""}, "which Python does not find"),
        ({"COMPLIANCE_BLIND_REVIEWS": "101"}, "from 0 to 100"),
        ({"COMPLIANCE_BLIND_REVIEWS": "5, half"}, "from 0 to 100"),
        ({"COMPLIANCE_BLIND_REVIEWS": "5 from 2027-02-30"}, "from 0 to 100"),
        ({"COMPLIANCE_BLIND_REVIEWS": "5 from 2027-02-01, 10 from 2027-01-01"}, "their days in order"),
        ({"COMPLIANCE_SCAN_COMMAND": "/no/such --fast"}, "“/no/such”, which is no program here"),
    ],
)
def test_an_unsafe_installation_does_not_start(change: dict[str, str], word: str) -> None:
    with pytest.raises(UnsafeSettingsError, match=word):
        from_environment({**SAFE, **change})


def test_a_safe_installation_starts() -> None:
    assert from_environment(SAFE).production


def test_the_hosts_are_those_named_and_in_production_at_least_the_one_people_use() -> None:
    assert from_environment(SAFE).hosts == {"desk.example"}
    assert from_environment({**SAFE, "COMPLIANCE_HOSTS": "a.example, B.example"}).hosts == {"a.example", "b.example"}
    assert from_environment({**SAFE, "COMPLIANCE_ENV": "development"}).hosts == frozenset()


def test_every_setting_is_in_the_readme_and_nothing_else_is() -> None:
    code = set(re.findall(r"COMPLIANCE_[A-Z_]+", (ROOT / "compliance" / "settings.py").read_text()))
    table = set(re.findall(r"^\| `(COMPLIANCE_[A-Z_]+)`", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert table == code


def test_a_development_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    first = from_environment({"COMPLIANCE_DATA_DIR": str(tmp_path)})
    assert from_environment({"COMPLIANCE_DATA_DIR": str(tmp_path)}).secret_key == first.secret_key
    assert (tmp_path / "secret-key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "host,port,address",
    [
        ("127.0.0.1", 5110, "http://127.0.0.1:5110"),
        ("0.0.0.0", 80, "http://127.0.0.1:80"),  # noqa: S104 - what listens everywhere is on this machine too
        ("::", 5110, "http://[::1]:5110"),
        ("desk.example", 5110, "http://desk.example:5110"),
    ],
)
def test_links_lead_to_where_the_desk_is_served_unless_another_address_is_named(
    host: str, port: int, address: str
) -> None:
    alone = {"COMPLIANCE_ENV": "test", "COMPLIANCE_SECRET_KEY": "k" * 48}
    assert from_environment(alone).served_at(host, port).base_url == address
    named = from_environment({**alone, "COMPLIANCE_BASE_URL": "https://desk.example"})
    assert named.served_at(host, port).base_url == "https://desk.example"


def test_the_share_that_is_looked_at_blind_has_days() -> None:
    settings = from_environment({**SAFE, "COMPLIANCE_BLIND_REVIEWS": "10 from 2027-01-01, 0 from 2028-01-01"})
    days = [dt.date(2026, 12, 31), dt.date(2027, 1, 1), dt.date(2027, 12, 31), dt.date(2028, 1, 1)]
    assert [settings.blind_share(day) for day in days] == [0, 10, 10, 0]
    assert from_environment(SAFE).blind_share(days[0]) == 5
