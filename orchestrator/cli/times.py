"""Times for people, in the zone of the machine.

Never: a clock; the time is handed in.
"""

import time


def clock(ts: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(ts))


def day_and_clock(ts: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(ts))


def span(seconds: float) -> str:
    """Seconds as a person says them, such as `42 s` or `1:05:09`."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
