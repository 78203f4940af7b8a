"""What a request is before the application sees it: from where it comes, and that HEAD is a GET without a body."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

Environ = dict[str, Any]


class Edge:
    """The outermost layer of the application.

    A proxy's word about who asks is believed only when the proxy's own address is one of *proxies*; of a longer chain
    the last address counts that is no such proxy, since everything before it could have been written by anybody.
    """

    def __init__(self, application: Any, proxies: tuple[IPv4Network | IPv6Network, ...]) -> None:  # noqa: ANN401 - WSGI has no type at run time
        self.application = application
        self.proxies = proxies

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:  # noqa: ANN401 - as above
        """Answer a request as WSGI asks for it."""
        environ["REMOTE_ADDR"] = self._who_asks(environ)
        if environ["REQUEST_METHOD"] != "HEAD":
            answered: Iterable[bytes] = self.application(environ, start_response)
            return answered
        # A view that tells GET from the rest would take HEAD for a change.
        body = self.application({**environ, "REQUEST_METHOD": "GET"}, start_response)
        if close := getattr(body, "close", None):
            close()
        return []

    def _who_asks(self, environ: Environ) -> str:
        found: str = environ.get("REMOTE_ADDR", "")
        chain = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        while chain and self._is_proxy(found) and _is_address(chain[-1]):
            found = chain.pop()
        return found

    def _is_proxy(self, text: str) -> bool:
        return _is_address(text) and any(ip_address(text) in network for network in self.proxies)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
