"""The entry point: dispatch, and one line and an exit code for everything that goes wrong."""

from __future__ import annotations

import difflib
import os
import signal
import sys
import warnings
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from cyclopts import App, CycloptsError, Parameter

from derain import __version__
from derain.cli.bank import bank
from derain.cli.data import app as data
from derain.cli.evaluate import evaluate
from derain.cli.evidence import evidence
from derain.cli.exit_codes import INTERRUPTED, UNREAD, exit_code, listed
from derain.cli.explain import explain
from derain.cli.export import export
from derain.cli.manifest import app as manifest
from derain.cli.models import models
from derain.cli.options import shown_default
from derain.cli.printable import printable
from derain.cli.restore import restore
from derain.cli.run import run as run_batch
from derain.cli.serve import serve
from derain.cli.synthesize import synthesize
from derain.cli.train import train
from derain.errors import UsageError
from derain.explained import explained

_GONE = {
    "ablate": "from a clone, python -m research ablate STUDY",
    "reproduce": "derain train runs all stages of a configuration, derain export the rest",
}

app = App(
    name="derain",
    version=f"derain {__version__}",
    usage="Usage: derain PHOTO... [OPTIONS]\n       derain COMMAND [OPTIONS] [ARGS...]\n",
    help=f"""Remove rain streaks from photographs and clips.

    A picture or clip goes to NAME.derained.EXT beside it, a folder to FOLDER-derained. For a folder
    with the name of a command, write ./NAME.

    Examples: derain photo.jpg; derain holiday/ -o dry/ --recursive; derain photo.heic --format jpg;
    derain photo.jpg --compare --save-rain; derain clip.mp4; derain - < in.png > out.png

    Exit codes: {listed()}.
    """,
    # A name that begins with a bracket is a name, not JSON.
    default_parameter=Parameter(
        negative=(), show_default=shown_default, json_list=False, json_dict=False
    ),
    suppress_keyboard_interrupt=False,
)
app.default(restore)
app.register_install_completion_command(
    help="Have the shell (bash, zsh, fish) complete commands, options and files."
)
for command in (
    *(models, explain, serve, data, evaluate),
    *(train, synthesize, bank, evidence, export, manifest),
):
    app.command(command)
app.command(run_batch, name="run")


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
    if sys.stderr:  # without it, print takes stdout
        print(f"derain: {printable(message)}", file=sys.stderr)


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
    except KeyboardInterrupt:
        _complain("interrupted; everything finished before is kept")
        return INTERRUPTED
    except BrokenPipeError:
        return UNREAD
    except Exception as error:
        told = explained(error)
        _complain(str(told))
        return exit_code(told)


def main() -> None:
    """What the ``derain`` script calls."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A name that the terminal's encoding lacks is shown in another way, and ends nothing.
            stream.reconfigure(errors="backslashreplace")
    warnings.showwarning = _tell_warning
    # Large photographs are no attack; real bombs are refused by an error.
    warnings.filterwarnings("ignore", message="Image size .* exceeds limit")
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)
    code = run(sys.argv[1:])
    if code in (INTERRUPTED, UNREAD):
        _leave(code)
    sys.exit(code)


def _leave(code: int) -> None:
    """End a process at once.

    Not by Python's own end: compiled code may still be at work in a thread that nobody waits for,
    or just be coming back from it, and meets a torn-down interpreter with an abort.
    """
    for stream in (sys.stdout, sys.stderr):
        # What is buffered for a reader who has gone would meet the same end once more.
        with suppress(OSError, ValueError):
            if stream is not None and code != UNREAD:
                stream.flush()
    os._exit(code)
