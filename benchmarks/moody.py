"""A server that does what S3 does, in a bad mood: slow at times, and at times it answers 503.

    python -m benchmarks.moody PORT [--refused 0.02] [--slow 0.01] [--seed 0]

It is moto's server behind a door. Half of the refusals come after the work was done, as those of a
gateway whose time is up do: the object is there, and its writer was told that it is not.
"""

from __future__ import annotations

import argparse
import random
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import run_simple

_ANSWER = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
_LONGEST = 1.0  # seconds that a slow answer takes more, at most

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Moody:
    """A web application (WSGI) in front of another one.

    Args:
        inner: What does the work.
        refused, slow: Shares of the requests.
        seed: Of which they are.
    """

    def __init__(self, inner: Application, refused: float, slow: float, seed: int) -> None:
        self._inner, self._refused, self._slow = inner, refused, slow
        self._rng, self._lock = random.Random(seed), threading.Lock()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        with self._lock:
            mood, after, pause = (self._rng.random() for _ in range(3))
        if mood < self._refused:
            if after < 0.5:
                list(self._inner(environ, lambda *_: None))
            else:
                environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response("503 Slow Down", [("Content-Length", str(len(_ANSWER)))])
            return [] if environ["REQUEST_METHOD"] == "HEAD" else [_ANSWER]
        if mood < self._refused + self._slow:
            time.sleep(_LONGEST * pause)
        return self._inner(environ, start_response)


def main() -> None:
    """Serve until it is killed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("port", type=int)
    parser.add_argument("--refused", type=float, default=0.02, help="share of the requests")
    parser.add_argument("--slow", type=float, default=0.01, help="share of the requests")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    moto = DomainDispatcherApplication(create_backend_app)
    run_simple(
        "127.0.0.1",
        asked.port,
        Moody(moto, asked.refused, asked.slow, asked.seed),
        threaded=True,
        request_handler=MotoRequestHandler,
    )


if __name__ == "__main__":
    main()
