"""Errors to one plain sentence and an exit code (DESIGN 7); the traceback only with `--debug`.

Never: an error swallowed.
"""

import asyncio
import signal
import sys
import traceback
from collections.abc import Callable

from orchestrator.cli import out

DONE, NOT_LANDED, MISUSE, INTERRUPTED = 0, 1, 2, 130


def endings() -> tuple[signal.Signals, ...]:
    """The signals that ask a command to end. A terminal that is closed sends SIGHUP; whoever has it ignored (`nohup`)
    wants the command to go on."""
    closed = () if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else (signal.SIGHUP,)
    return (signal.SIGINT, signal.SIGTERM, *closed)


def guarded(command: Callable[[], object], debug: bool) -> int:
    """Run the command line; the exit code. Whatever reads standard output may go away at any time."""
    code = _run(command, debug)
    unwritten = out.finish()
    if unwritten is not None:
        out.complain(f"tianting: {unwritten}")
    return code if unwritten is None else code or NOT_LANDED


def _run(command: Callable[[], object], debug: bool) -> int:
    try:
        command()
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else DONE if leaving.code is None else NOT_LANDED
    except (KeyboardInterrupt, asyncio.CancelledError):
        return INTERRUPTED
    except BaseException as error:  # every way out of the program ends here, in a sentence
        if isinstance(error, BrokenPipeError) and out.reader_has_gone():
            out.mute(sys.stdout)
            return DONE  # there is nobody left to tell
        return _say(error, debug)
    return DONE


def _say(error: BaseException, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
    error = _innermost(error)
    code, text = _sentence(error)
    out.complain(text)
    return code


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _sentence(error: BaseException) -> tuple[int, str]:
    from orchestrator.cli.house import Unsound
    from orchestrator.settings import Misuse
    from state.ports import RepositoryFault, StoreError, WorktreeFault

    if isinstance(error, Unsound):
        return MISUSE, str(error)  # its lines begin with a place that editors can read
    if isinstance(error, Misuse):
        return MISUSE, f"tianting: {error}"
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED, "tianting: interrupted"
    if isinstance(error, StoreError | RepositoryFault | WorktreeFault):
        return NOT_LANDED, f"tianting: {error}"
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return NOT_LANDED, f"tianting: {where}{error.strerror}"
    story = f"{type(error).__name__}: {error}"
    return NOT_LANDED, f"tianting: {story}\nthis is a fault of Tianting's: `tianting --debug …` shows where it happened"
