"""``python -m derain``, and what the ``derain`` script calls."""

from __future__ import annotations

import sys


def main() -> None:
    """The command line; Ctrl-C while it is being loaded is no traceback."""
    try:
        from derain.cli.main import main as command
    except KeyboardInterrupt:
        print("derain: interrupted", file=sys.stderr)  # noqa: T201
        sys.exit(130)
    command()


if __name__ == "__main__":
    main()
