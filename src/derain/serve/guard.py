"""Around every answer: who may ask, headers that browsers heed, and the count."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from derain.serve.access import Access, by_own_page, rebound
from derain.serve.metrics import Metrics

_ROUTES = (
    "/v1/derain", "/v1/clips", "/v1/models", "/v1/session", "/healthz", "/readyz", "/metrics",
    "/openapi.json",
)  # fmt: skip
# Beginnings, since a router may take more addresses for one of its own than are listed here.
_GUARDED = ("/v1", "/metrics", "/openapi.json")
_NAMED = (
    "without a token this server answers to numbers and localhost alone, as http://127.0.0.1:8000/ "
    "has; under another name, as behind a proxy, it needs one: --token-file, or DERAIN_TOKEN"
)
_POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; "
    "img-src 'self' blob: data:; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    # Both together let the page run the network in several threads.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """ASGI middleware, the outermost.

    Args:
        app: What is guarded.
        metrics: Is told of every answer.
        access: Who may use the server; None for all.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, access: Access | None) -> None:
        self._app, self._metrics, self._access = app, metrics, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        guarded, route = scope["path"].startswith(_GUARDED), _route(scope["path"])

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                if guarded or route != "page":
                    headers["Cache-Control"] = "no-store"
                self._metrics.requests.labels(route, str(message["status"])).inc()
            await send(message)

        refusal = self._refusal(scope) if guarded else None
        await (refusal or self._app)(scope, receive, answer)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        headers = Headers(scope=scope)
        # Otherwise any page could have its visitors' browsers keep a server near them busy.
        if not by_own_page(headers):
            return JSONResponse({"error": "other sites' pages may not use this server"}, 403)
        if self._access is None:
            address, _ = scope["server"] or ("", None)
            return JSONResponse({"error": _NAMED}, 403) if rebound(address, headers) else None
        if self._access.granted(headers):
            return None
        return JSONResponse(
            {"error": "this server wants a token: Authorization: Bearer TOKEN"}, 401,
            {"WWW-Authenticate": "Bearer"},
        )  # fmt: skip


def _route(path: str) -> str:
    """What an address is counted as: clips have one each."""
    if path.startswith("/v1/clips/"):
        return "/v1/clips/{id}/result" if path.endswith("/result") else "/v1/clips/{id}"
    return path if path in _ROUTES else "page"
