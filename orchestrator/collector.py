"""How the garbage collector is to treat a process that leads runs.

Its state only grows while a run is led, and hardly any of it is ever in a cycle; looking through all of it again and
again costs up to a third of the loop's time. Never: turned off, for tasks and tracebacks do make cycles.
"""

import gc

_YOUNG, _MIDDLE, _OLD = 50_000, 20, 100


def calm() -> None:
    """What is loaded by now stays for good and is not looked through any more; the rest less often than by default."""
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
