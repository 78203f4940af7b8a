"""A real Chromium against a real server on this machine, with a database of its own for each test."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from typing import cast

import pytest
from flask import Flask
from playwright.sync_api import Browser, sync_playwright
from waitress.server import TcpWSGIServer, create_server

from tests.browser.screen import Screen

MISSING = "There is no Chromium on this machine. Install it: apt-get install chromium"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = shutil.which("chromium")
    if found is None:
        pytest.fail(MISSING)
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
        browser = playwright.chromium.launch(executable_path=found, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def server(app: Flask) -> Iterator[str]:
    """Return the address of the application as it is served to people, on the database of this test."""
    made = cast("TcpWSGIServer", create_server(app, host="127.0.0.1", port=0, threads=4))
    thread = threading.Thread(target=made.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{made.effective_port}"
    made.trigger.pull_trigger(made.close)  # Closed from outside it would go on waiting for a second.
    thread.join(timeout=10)


@pytest.fixture
def open_screen(chromium: Browser, server: str) -> Iterator[Callable[..., Screen]]:
    """Return a way to open a window, also one without scripts, a dark one, or a telephone's (``narrow``)."""
    opened: list[Screen] = []

    def open_one(*, scripts: bool = True, dark: bool = False, narrow: bool = False) -> Screen:
        opened.append(Screen(chromium, server, scripts=scripts, dark=dark, narrow=narrow))
        return opened[-1]

    yield open_one
    for screen in opened:
        screen.close()
