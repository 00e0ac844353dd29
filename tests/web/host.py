"""A host of static files, as ``python -m http.server`` is, to be stopped during a visit."""

from __future__ import annotations

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType


class Host:
    """Serves a folder on 127.0.0.1, at a port of its own.

    Args:
        folder: What is served.
        isolated: Whether to send the headers with which a page may use threads.
    """

    def __init__(self, folder: Path, *, isolated: bool = False) -> None:
        handler = _Isolated if isolated else _Quiet
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), partial(handler, directory=str(folder))
        )
        self.address = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Host:
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """No connection is accepted any more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        pass


class _Isolated(_Quiet):
    def end_headers(self) -> None:
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()
