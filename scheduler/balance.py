"""Which of the free windows of a pool takes the next task.

Never: whether a task may start.
"""

from collections.abc import Container, Iterable

from state.ids import WindowId
from state.standing import WindowState


def free_window(
    windows: Iterable[WindowState], taken: Container[WindowId] = (), wanted: Container[str] = ()
) -> WindowState | None:
    """The free window with the least work behind it; None when all are at work or in `taken`.

    The keys, in order: whether some task waits for this very window (`wanted`), which then is taken last; seconds
    spent at work; attempts taken; the name (`backend-2` before `backend-10`).
    """

    def burden(window: WindowState) -> tuple[bool, float, int, int, str]:
        return (window.id in wanted, window.busy, window.attempts, len(window.id), window.id)

    free = (window for window in windows if window.attempt is None and window.id not in taken)
    return min(free, key=burden, default=None)
