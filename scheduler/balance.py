"""In which order the free windows of a pool take the next tasks.

Never: whether a task may start.
"""

from collections.abc import Container, Iterable

from state.standing import WindowState


def free_windows(windows: Iterable[WindowState], wanted: Container[str] = ()) -> list[WindowState]:
    """The free windows, the one with the least work behind it first.

    The keys, in order: whether some task waits for this very window (`wanted`), which then is taken last; seconds
    spent at work; attempts taken; the name (`backend-2` before `backend-10`).
    """

    def burden(window: WindowState) -> tuple[bool, float, int, int, str]:
        return (window.id in wanted, window.busy, window.attempts, len(window.id), window.id)

    return sorted([window for window in windows if window.attempt is None], key=burden)
