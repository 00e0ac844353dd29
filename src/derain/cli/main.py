"""The entry point: dispatch, and one line and an exit code for everything that goes wrong."""

from __future__ import annotations

import difflib
import os
import signal
import sys
import traceback
import warnings
from pathlib import Path
from typing import TextIO

from cyclopts import App, CycloptsError

from derain import __version__
from derain.cli.bank import bank
from derain.cli.data import app as data
from derain.cli.evaluate import evaluate
from derain.cli.exit_codes import INTERRUPTED, exit_code, listed
from derain.cli.explain import explain
from derain.cli.export import export
from derain.cli.models import models
from derain.cli.restore import restore
from derain.cli.synthesize import synthesize
from derain.cli.train import train
from derain.errors import (
    BackendUnavailableError,
    DerainError,
    InternalError,
    OutOfMemoryError,
    UsageError,
)
from derain.files import explain_os_error

_GONE = {
    "ablate": "from a clone, python -m research ablate STUDY",
    "reproduce": "derain train runs all stages of a configuration, derain export the rest",
}

app = App(
    name="derain",
    version=f"derain {__version__}",
    help=f"""Remove rain streaks from photographs.

    A picture goes to NAME.derained.EXT beside it, a folder to FOLDER-derained. For a folder with
    the name of a command, write ./NAME.

    Exit codes: {listed()}.
    """,
    suppress_keyboard_interrupt=False,
)
app.default(restore)
for command in (
    *(models, explain, data, evaluate),
    *(train, synthesize, bank, export),
):
    app.command(command)


def _tell_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Warnings of libraries as one line, not as code."""
    _complain(" ".join(str(message).split()))


def _complain(message: str) -> None:
    print(f"derain: {message}", file=sys.stderr)


def _mistyped(word: str, app: App) -> str | None:
    """The command that a word without the look of a path may stand for."""
    commands = [name for name in app if name.isalpha()]
    if word in commands or not word.isalpha() or Path(word).exists():
        return None
    return next(iter(difflib.get_close_matches(word, commands, 1, 0.75)), None)


def _interrupt(number: int, _: object) -> None:
    """A closed terminal or a polite kill, as Ctrl-C: nothing half-written is left."""
    raise KeyboardInterrupt


def run(tokens: list[str], app: App = app) -> int:
    """Run one command line of an application and give its exit code; never raises."""
    try:
        if not tokens:
            raise UsageError("nothing to do: name a picture or a folder (see derain --help)")
        if "" in tokens:
            raise UsageError("an argument is empty; is a variable of the shell not set?")
        if tokens[0] in _GONE and tokens[0] not in app and not Path(tokens[0]).exists():
            raise UsageError(f"{tokens[0]}: is no command any more; {_GONE[tokens[0]]}")
        if hint := _mistyped(tokens[0], app):
            raise UsageError(f"{tokens[0]}: no such file, folder or command; did you mean {hint}?")
        # The command line's library takes a lone dash for an option; as a path it is the same.
        tokens = ["./-" if token == "-" else token for token in tokens]
        result = app(tokens, exit_on_error=False, print_error=False, result_action="return_value")
        return result if isinstance(result, int) else 0
    except CycloptsError as error:
        _complain(f"{' '.join(str(error).split())} (see derain --help)")
        return exit_code(UsageError)
    except DerainError as error:
        _complain(str(error))
        return exit_code(error)
    except KeyboardInterrupt:
        _complain("interrupted; everything finished before is kept")
        return INTERRUPTED
    except OSError as error:
        explained = explain_os_error(error, error.filename or "output")
        _complain(str(explained))
        return exit_code(explained)
    except MemoryError:
        _complain("out of memory; close other programs or use --model fast")
        return exit_code(OutOfMemoryError)
    except ImportError as error:
        _complain(f"{error.name} is not installed: pip install 'derain[train]'")
        return exit_code(BackendUnavailableError)
    except Exception as error:
        if os.environ.get("DERAIN_DEBUG"):
            traceback.print_exc()
        _complain(f"internal error: {error!r}; set DERAIN_DEBUG=1 for the details and report it")
        return exit_code(InternalError)


def main() -> None:
    """What the ``derain`` script calls."""
    warnings.showwarning = _tell_warning
    # Large photographs are no attack; real bombs are refused by an error.
    warnings.filterwarnings("ignore", message="Image size .* exceeds limit")
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)
    sys.exit(run(sys.argv[1:]))
