"""Somebody in front of a window. Every page that opens in it is held to the same rules."""

from __future__ import annotations

import re
from http import HTTPStatus
from http.client import BAD_REQUEST
from pathlib import Path
from typing import Any, Final

import pyotp
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Browser, ConsoleMessage, Page, Response

WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}
PATIENCE: Final = 15_000
AXE: Final = Path(AXE_FILE_PATH).read_text(encoding="utf-8")
RUN_AXE: Final = """only => axe.run({preload: false, resultTypes: ["violations"], ...only}).then(
    found => found.violations.map(one => [one.id, one.nodes.map(node => node.html)]))"""
# What depends on colours alone, and what on the width alone.
COLOURS: Final = {"runOnly": ["color-contrast"]}
SIZES: Final = {"runOnly": ["target-size", "scrollable-region-focusable"]}


class Screen:
    """A window with its own cookies. It gathers what the browser complains of, and knows who signed in."""

    def __init__(self, browser: Browser, server: str, *, scripts: bool, dark: bool, narrow: bool) -> None:
        self.server, self.scripts, self.faults = server, scripts, list[str]()
        self.secret, self.status = "", 0
        self.context = browser.new_context(
            java_script_enabled=scripts,
            color_scheme="dark" if dark else "light",
            viewport=NARROW if narrow else WIDE,  # type: ignore[arg-type]
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(PATIENCE)
        self.page: Page = self.context.new_page()
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("response", self._note_answer)
        self.watching = True

    @property
    def path(self) -> str:
        """Where the window is, without what filters a list or opens a part of a page."""
        return self.page.url.removeprefix(self.server).partition("?")[0].partition("#")[0]

    def visit(self, path: str, *, closely: bool = True) -> Page:
        """Open *path* and check the page that comes."""
        self.page.goto(self.server + path)
        return self.check(closely=closely)

    def check(self, status: int = HTTPStatus.OK, *, closely: bool = True) -> Page:
        """Hold the page to what every page must do: no complaint, nothing wider than the window, nobody shut out.

        A page of which the test has seen many alike need not be looked at *closely*.
        """
        self.page.wait_for_load_state("load")
        assert self.status == status, f"{self.status} for {self.page.url}"
        assert self.faults == [], self.faults
        if self.scripts:
            assert self.is_too_wide() is False, f"{self.page.url} is wider than the window"
            if closely:
                assert self.shuts_out() == []
        return self.page

    def is_too_wide(self) -> bool:
        """Tell whether the page can be pushed sideways."""
        root = "document.documentElement"
        return bool(self.page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"))

    def shuts_out(self, only: dict[str, Any] | None = None) -> list[Any]:
        """Return what of the page keeps somebody from using it."""
        self.watching = (
            False  # The checker writes styles into the page, which our policy refuses and the browser tells.
        )
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(f"() => {{ {AXE} }}")
        found: list[Any] = self.page.evaluate(RUN_AXE, only or {})
        self.watching = True
        return found

    def press(self, label: str, status: int = HTTPStatus.OK, *, closely: bool = True) -> Page:
        """Press the button called *label*, or follow the link where there is none, and check where it leads."""
        page = self.page
        button = page.get_by_role("button", name=label, exact=True)
        link = page.get_by_role("link", name=label, exact=True)
        with page.expect_navigation():
            (button if button.count() else link).first.click()
        return self.check(status, closely=closely)

    def strike(self, *keys: str, status: int = HTTPStatus.OK) -> Page:
        """Press *keys* on the keyboard, the last of which opens a page, and check that page."""
        for key in keys[:-1]:
            self.page.keyboard.press(key)
        with self.page.expect_navigation():
            self.page.keyboard.press(keys[-1])
        return self.check(status)

    def fill(self, **fields: str) -> None:
        """Type into the fields of these names; a choice is made, and a box ticked, by its value."""
        for name, value in fields.items():
            self._fill(name, value)

    def reads(self, *sentences: str) -> None:
        """Assert that the page says each of *sentences*, whatever marks stand between their words."""
        text = " ".join(self.page.locator("body").inner_text().split())
        for sentence in sentences:
            assert sentence in text, f"“{sentence}” is not on {self.page.url}: {text[:3000]}"

    @property
    def heading(self) -> str:
        """The page's heading."""
        return self.page.get_by_role("heading", level=1).inner_text()

    def sign_in(self, email: str, password: str) -> Page:
        """Sign in, setting the second factor up where it is asked for."""
        page = self.visit("/login")
        page.get_by_label("E-mail address").fill(email)
        page.get_by_label("Password", exact=True).fill(password)
        with page.expect_navigation():
            page.get_by_role("button", name="Sign in", exact=True).click()
        self.check(self.status)
        if "/account/second-factor" in page.url:
            shown = re.search(r"[A-Z2-7]{32}", page.content())
            assert shown is not None
            self.secret = shown[0]
            page.get_by_label("Code").fill(pyotp.TOTP(self.secret).now())
            self.press("Turn it on")
        return page

    def picture(self, path: Path) -> None:
        """Keep what the window shows, whole."""
        self.page.screenshot(path=path, full_page=True)

    def close(self) -> None:
        self.context.close()
        assert self.faults == [], self.faults

    def _fill(self, name: str, value: str) -> None:
        field = self.page.locator(f"main [name={name}]:not([type=hidden]), aside [name={name}]:not([type=hidden])")
        kind = field.first.evaluate("it => it.type")
        if kind in {"checkbox", "radio"}:
            self.page.locator(f"[name={name}][value='{value}']").check()
        elif kind.startswith("select"):
            field.first.select_option(value)
        else:
            field.first.fill(value)

    def _note(self, message: ConsoleMessage) -> None:
        # That an answer refuses is told there, and asserted by whoever expects it.
        if self.watching and message.type in {"error", "warning"} and not message.text.startswith("Failed to load"):
            self.faults.append(f"{message.text} at {message.location.get('url')}")

    def _note_answer(self, response: Response) -> None:
        if response.request.is_navigation_request():
            self.status = response.status
        elif response.status >= BAD_REQUEST:
            self.faults.append(f"{response.status} for {response.url}")
