"""What the servers say of themselves: one JSON object a line, named by a static event, its facts beside it.

Whatever a visitor sent stands in a line as an escaped value or not at all: addresses are told by their rule, since one
may hold a key (an invitation); bodies, queries and headers are never written down.
"""

from __future__ import annotations

import logging
import sys
import time
from typing import Any, Final

import structlog
from flask import Flask, Response, g, request

from compliance.door import known_visitor

SLOW_SECONDS: Final = 1.0


class _Lines:
    """Standard error as it is at that moment: whoever runs the server says where it goes."""

    def msg(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)  # noqa: T201 - this is where lines come out

    debug = info = warning = error = critical = msg


def configure() -> None:
    """Let every log of this process be such lines."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_names: _Lines(),
        cache_logger_on_first_use=True,
    )


def log() -> Any:  # noqa: ANN401 - structlog's loggers share no useful type
    """Return the log."""
    return structlog.get_logger()


def route() -> str | None:
    """Return the rule that the address of this request follows: the address itself may hold a key."""
    return request.url_rule.rule if request.url_rule else None


def install(app: Flask) -> None:
    """Write one line for each request that *app* answers."""
    configure()
    app.before_request(_note_beginning)
    app.after_request(_tell)


def _note_beginning() -> None:
    g.began = time.perf_counter()


def _tell(response: Response) -> Response:
    seconds = time.perf_counter() - g.get("began", time.perf_counter())
    reader = known_visitor()
    facts = {
        "request_id": g.get("request_id"),
        "method": request.method,
        "route": route(),
        "status": response.status_code,
        "ms": round(1000 * seconds, 1),
        "ip": request.remote_addr,
        "actor": str(reader.id) if reader and reader.id else None,
    }
    if request.endpoint not in {"static", "healthz", "readyz"}:
        (log().warning if seconds > SLOW_SECONDS else log().info)("request.answered", **facts)
    return response
