"""Who may use a server with a token: who shows it, and a browser that has shown it once.

Links and forms of a page show no token; a cookie comes with all that the page asks for.
"""

from __future__ import annotations

import hashlib
import hmac
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request, cookie_parser
from starlette.responses import Response
from starlette.routing import Route


class Access:
    """The token, and the session that stands for it.

    A session follows from its token, so that nothing is kept, several servers behind a proxy agree,
    and a new token ends all of them; the token does not follow from it.

    Args:
        token: What clients must show as ``Authorization: Bearer``.

    Attributes:
        cookie: The name of the session's.
    """

    def __init__(self, token: str) -> None:
        self._shown = f"Bearer {token}".encode()
        self._session = _derived(token, "session").encode()
        # Another one for each token: cookies of one host do not heed its ports.
        self.cookie = f"derain-session-{_derived(token, 'name')[:8]}"

    def granted(self, headers: Headers) -> bool:
        """Whether a request with these headers, :func:`by_own_page`, may pass."""
        shown = headers.get("authorization", "").encode("latin-1")
        session = cookie_parser(headers.get("cookie", "")).get(self.cookie, "").encode()
        return hmac.compare_digest(shown, self._shown) or hmac.compare_digest(
            session, self._session
        )

    async def _begin(self, request: Request) -> Response:
        answer = Response(status_code=204)
        answer.set_cookie(
            self.cookie, self._session.decode(),
            # Without a path it is that of the address, whatever a proxy calls it.
            path=None, secure=request.url.scheme == "https", httponly=True, samesite="strict",
        )  # fmt: skip
        return answer

    @property
    def route(self) -> Route:
        """Where a session begins, for who may pass."""
        return Route("/v1/session", self._begin, methods=["POST"])


def _derived(token: str, purpose: str) -> str:
    return hmac.digest(token.encode(), purpose.encode(), hashlib.sha256).hex()


def by_own_page(headers: Headers) -> bool:
    """Whether the server's own page asks, or somebody who typed the address or pressed a link.

    Pages of the same host or domain may be somebody else's, and what they send carries cookies of
    SameSite=Strict, too. Without TLS browsers leave Sec-Fetch-Site out; what changes something has
    an Origin all the same.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site in ("same-origin", "none")
    return origin is None or origin.partition("://")[2] == headers.get("host")


def rebound(address: str, headers: Headers) -> bool:
    """Whether a connection to a loopback address was made under a name that is not this machine's.

    Any site may have its own name point to 127.0.0.1: to a browser its page then is the server's
    own ("DNS rebinding"). It cannot do so with a number, nor with ``localhost``.
    """
    name = _hostname(headers.get("host", ""))
    here = _is_number(name) or name.rpartition(".")[2] in ("localhost", "")
    return not here and _is_number(address) and ip_address(address).is_loopback


def _hostname(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:  # brackets without an address
        return host


def _is_number(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
