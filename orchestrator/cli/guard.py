"""Errors to one plain sentence and an exit code; the traceback only with `--debug`.

Never: an error swallowed.
"""

import sys
import traceback
from collections.abc import Callable

DONE, NOT_LANDED, MISUSE, INTERRUPTED = 0, 1, 2, 130


def guarded(command: Callable[[], object], debug: bool) -> int:
    """Run the command line; the exit code."""
    try:
        command()
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else DONE if leaving.code is None else NOT_LANDED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone; there is nobody left to tell
        return DONE
    except BaseException as error:  # every way out of the program ends here, in a sentence
        return _say(error, debug)
    return DONE


def _say(error: BaseException, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
    error = _innermost(error)
    code, text = _sentence(error)
    print(f"tianting: {text}", file=sys.stderr)
    if code == NOT_LANDED and not debug:
        print("`tianting --debug …` shows where this happened", file=sys.stderr)
    return code


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _sentence(error: BaseException) -> tuple[int, str]:
    from orchestrator.settings import Misuse
    from state.ports import StoreError

    if isinstance(error, Misuse):
        return MISUSE, str(error)
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED, "interrupted"
    if isinstance(error, StoreError):
        return NOT_LANDED, str(error)
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return NOT_LANDED, f"{where}{error.strerror}"
    return NOT_LANDED, f"{type(error).__name__}: {error}"
