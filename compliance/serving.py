"""Serving the desk: one process or several on one socket, and a stop that finishes what was begun.

The server reads a whole request before it gives it to a thread, so that clients who send slowly hold up nobody.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

from flask import Flask
from waitress import wasyncore
from waitress.server import create_server

THREADS: Final = 8
BACKLOG: Final = 1024
STOP_WITHIN_S: Final = 10
LOOK_EVERY_S: Final = 0.2
# Less than once a request, of which each makes thousands of objects that live as long as it does.
COLLECT_AFTER: Final = (20_000, 20, 20)


class Stop:
    """Whether somebody asked this process to stop. Made before anything starts, so that no signal is missed."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._hear)

    def wait(self) -> None:
        """Return once somebody asks."""
        while not self.asked:
            time.sleep(LOOK_EVERY_S)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens there; raises ``OSError`` when the address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


def serve(app: Flask, listener: socket.socket, stop: Stop) -> None:
    """Answer requests until asked to stop; then accept no more, and end what was begun."""
    gc.set_threshold(*COLLECT_AFTER)
    server: Any = create_server(app, sockets=[listener], threads=THREADS, ident=None)
    while not stop.asked:
        wasyncore.loop(timeout=LOOK_EVERY_S, map=server._map, use_poll=True, count=1)  # noqa: SLF001 - run() hears of no signal
    server.del_channel()
    listener.close()
    until, busy = time.monotonic() + STOP_WITHIN_S, True
    while busy and time.monotonic() < until:
        wasyncore.loop(timeout=LOOK_EVERY_S, map=server._map, use_poll=True, count=1)  # noqa: SLF001 - see above
        busy = any(map(_is_busy, server.active_channels.values()))
    server.task_dispatcher.shutdown()


def serve_in(processes: int, make_app: Callable[[], Flask], listener: socket.socket, stop: Stop) -> None:
    """Answer requests in so many processes that share *listener*; one that dies is replaced."""
    children = {_start(make_app, listener, stop) for _ in range(processes)}
    while not stop.asked:
        gone, _status = os.waitpid(-1, os.WNOHANG)
        if gone:
            children = (children - {gone}) | {_start(make_app, listener, stop)}
        time.sleep(LOOK_EVERY_S)
    listener.close()
    for child in children:
        os.kill(child, signal.SIGTERM)
    for child in children:
        os.waitpid(child, 0)


def _start(make_app: Callable[[], Flask], listener: socket.socket, stop: Stop) -> int:
    child = os.fork()
    if child:
        return child
    try:
        serve(make_app(), listener, stop)
    finally:
        os._exit(0)


def _is_busy(channel: Any) -> bool:  # noqa: ANN401 - the server ships no types
    """Tell whether a client is owed an answer: its request waits, is being read, or its answer is being sent."""
    return bool(channel.requests or channel.request or channel.total_outbufs_len)
