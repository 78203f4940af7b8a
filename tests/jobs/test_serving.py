"""Serving: slow clients hold up nobody, a stop cuts nothing off, and a process that dies is replaced."""

import os
import re
import signal
import socket
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from compliance import cli
from tests.jobs.scene import House, until

pytestmark = pytest.mark.usefixtures("job_tables")
WHOLE = b"GET /healthz HTTP/1.1\r\nHost: desk\r\n\r\n"
HALF = b"GET /healthz HTTP/1.1\r\nHost: d"


def connect(here: House) -> socket.socket:
    port = re.search(r"http://127\.0\.0\.1:(\d+)", here.said)
    assert port is not None
    return socket.create_connection(("127.0.0.1", int(port[1])), timeout=60)


def ask(connection: socket.socket, request: bytes = WHOLE) -> str:
    connection.sendall(request)
    return connection.recv(65536).decode()


def children(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


@pytest.mark.parametrize("command", [["web", "--processes", "1"], ["run"]])
def test_half_sent_requests_hold_up_nobody_and_a_stop_cuts_none_off(
    house: Callable[..., House], command: list[str]
) -> None:
    here = house()
    process = here.start(*command, "--port", "0")
    with ExitStack() as stack:
        slow = [stack.enter_context(connect(here)) for _ in range(80)]
        for connection in slow:
            connection.sendall(HALF)
        patient = stack.enter_context(connect(here))
        assert ask(patient).startswith("HTTP/1.1 200")
        for connection in slow[1:]:
            connection.close()
        process.send_signal(signal.SIGTERM)
        assert ask(slow[0], b"esk\r\n\r\n").startswith("HTTP/1.1 200")
    assert process.wait(60) == 0


def test_a_process_that_dies_is_replaced_and_the_socket_stays(house: Callable[..., House]) -> None:
    here = house()
    process = here.start("web", "--processes", "2", "--port", "0")
    until(lambda: len(children(process.pid)) == 2, "two processes")
    before = children(process.pid)
    os.kill(min(before), signal.SIGKILL)
    until(lambda: len(children(process.pid) - before) == 1, "another process")
    with connect(here) as connection:
        assert ask(connection).startswith("HTTP/1.1 200")
    assert here.stop(process) == 0
    assert not any(Path(f"/proc/{child}").exists() for child in before)


def test_an_address_that_is_taken_is_said_so(house: Callable[..., House]) -> None:
    here = house()
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(AssertionError, match="Choose another port"),
    ):
        here.start("run", "--port", str(taken.getsockname()[1]))


def test_what_is_served_is_what_links_in_mails_lead_to(app: Flask) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], address_named=False)
    with cli.listen(app, "127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
    assert app.config["SETTINGS"].base_url == f"http://127.0.0.1:{port}"
