"""Somebody in front of a window. Every page that opens in it is held to the same rules."""

from __future__ import annotations

import re
from http.client import BAD_REQUEST
from pathlib import Path

import pyotp
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Response

WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}


class Screen:
    """A window with its own cookies. It gathers what the browser complains of, and knows who signed in."""

    def __init__(self, browser: Browser, server: str, *, scripts: bool, dark: bool, narrow: bool) -> None:
        self.server, self.scripts, self.faults = server, scripts, list[str]()
        self.secret = ""
        self.context = browser.new_context(
            java_script_enabled=scripts,
            color_scheme="dark" if dark else "light",
            viewport=NARROW if narrow else WIDE,  # type: ignore[arg-type]
            reduced_motion="reduce",
        )
        self.page: Page = self.context.new_page()
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("response", self._note_missing)
        self.watching = True

    def visit(self, path: str) -> Page:
        """Open *path* and check the page that comes."""
        self.page.goto(self.server + path)
        return self.check()

    def check(self) -> Page:
        """Hold the page to what every page must do: no complaint, nothing wider than the window, nobody shut out."""
        self.page.wait_for_load_state("load")
        assert self.faults == [], self.faults
        if self.scripts:
            width = self.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
            assert width[0] <= width[1], f"{self.page.url} is wider than the window"
            self._shut_nobody_out()
        return self.page

    def press(self, label: str) -> Page:
        """Press the button or follow the link called *label*, and check where it leads."""
        page = self.page
        button = page.get_by_role("button", name=label, exact=True)
        link = page.get_by_role("link", name=label, exact=True)
        with page.expect_navigation():
            button.or_(link).first.click()
        return self.check()

    def sign_in(self, email: str, password: str) -> Page:
        """Sign in, setting the second factor up where it is asked for."""
        page = self.visit("/login")
        page.get_by_label("E-mail address").fill(email)
        page.get_by_label("Password", exact=True).fill(password)
        self.press("Sign in")
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

    def _shut_nobody_out(self) -> None:
        self.watching = (
            False  # The checker writes styles into the page, which our policy refuses and the browser tells.
        )
        found = Axe().run(self.page, options={"preload": False}).response["violations"]
        self.watching = True
        assert found == [], [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]

    def _note(self, message: ConsoleMessage) -> None:
        # That an answer refuses is told there, and asserted by whoever expects it.
        if self.watching and message.type in {"error", "warning"} and not message.text.startswith("Failed to load"):
            self.faults.append(f"{message.text} at {message.location.get('url')}")

    def _note_missing(self, response: Response) -> None:
        if response.status >= BAD_REQUEST and not response.request.is_navigation_request():
            self.faults.append(f"{response.status} for {response.url}")
