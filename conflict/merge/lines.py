"""Which elements two sequences share, in order: the diff that everything in this room stands on.

Anchors are elements that each side holds once (patience); what lies between them goes through Myers' greedy search, up
to a bound on the edits looked for, beyond which a stretch counts as replaced. Never: quadratic time on large input.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Sequence

MOST_EDITS = 400
"""Edits that Myers' search looks for in one stretch without anchors; its cost is their square."""

LONG = 20_000
"""Elements of both sides above which runs that are equal are skipped before anything is counted."""
NEARBY = 80
SURE = 8
"""How far apart, in elements of both sides together, equal runs may be, and how many equal elements make one."""

Block = tuple[int, int, int]
"""(start in the left, start in the right, length)."""


def split_lines(text: str) -> list[str]:
    """Lines with their line feeds; only `\\n` ends a line, as for git."""
    parts = text.split("\n")
    last = parts.pop()
    lines = [part + "\n" for part in parts]
    if last:
        lines.append(last)
    return lines


def matching(left: Sequence[Hashable], right: Sequence[Hashable]) -> list[Block]:
    """The blocks that both share, in order, none adjacent to the next on both sides."""
    if min(len(left), len(right)) > LONG:
        return _long(left, right)
    return _matching(left, right)


def _long(left: Sequence[Hashable], right: Sequence[Hashable]) -> list[Block]:
    """The same for long sequences that are mostly alike: equal runs are walked over, and only what lies between them is
    looked at closely. From where no run begins again nearby, the rest is one such piece."""
    found: list[Block] = []
    i = j = 0
    while True:
        size = _run(left, right, i, j)
        if size:
            found.append((i, j, size))
            i, j = i + size, j + size
        on, on_too = _meet_again(left, right, i, j)
        inner = _matching(left[i:on], right[j:on_too]) if i < on and j < on_too else []
        found += [(i + at, j + to, length) for at, to, length in inner]
        i, j = on, on_too
        if i == len(left) and j == len(right):
            return _joined(found)


def _run(left: Sequence[Hashable], right: Sequence[Hashable], i: int, j: int) -> int:
    """How many elements are equal from here on."""
    size, step = 0, 4096
    while step:
        at, to = i + size, j + size
        if at + step <= len(left) and to + step <= len(right) and left[at : at + step] == right[to : to + step]:
            size += step
        else:
            step //= 2
    return size


def _meet_again(left: Sequence[Hashable], right: Sequence[Hashable], i: int, j: int) -> tuple[int, int]:
    """The nearest place from here where `SURE` elements are equal again; the ends where there is none."""
    for away in range(1, NEARBY):
        for on in range(away + 1):
            at, to = i + on, j + away - on
            if at + SURE <= len(left) and left[at : at + SURE] == right[to : to + SURE]:
                return at, to
    return len(left), len(right)


def _matching(left: Sequence[Hashable], right: Sequence[Hashable]) -> list[Block]:
    found: list[Block] = []
    ids: dict[Hashable, int] = {}
    a = [ids.setdefault(one, len(ids)) for one in left]
    b = [ids.setdefault(one, len(ids)) for one in right]
    stack = [(0, len(a), 0, len(b))]
    while stack:
        low, high, start, end = stack.pop()
        low, high, start, end = _trim(a, b, (low, high, start, end), found)
        if low == high or start == end:
            continue
        anchors = _anchors(a, b, low, high, start, end)
        if not anchors:
            found.extend(_myers(a, b, low, high, start, end))
            continue
        for at, to in anchors:
            stack.append((low, at, start, to))
            found.append((at, to, 1))
            low, start = at + 1, to + 1
        stack.append((low, high, start, end))
    found.sort()
    return _joined(found)


def _trim(a: list[int], b: list[int], box: tuple[int, int, int, int], found: list[Block]) -> tuple[int, int, int, int]:
    """Take the common head and tail of a stretch."""
    low, high, start, end = box
    at = low
    while at < high and start < end and a[at] == b[start]:
        at, start = at + 1, start + 1
    if at > low:
        found.append((low, start - (at - low), at - low))
    tail = high
    while tail > at and end > start and a[tail - 1] == b[end - 1]:
        tail, end = tail - 1, end - 1
    if tail < high:
        found.append((tail, end, high - tail))
    return at, tail, start, end


def _anchors(a: list[int], b: list[int], low: int, high: int, start: int, end: int) -> list[tuple[int, int]]:
    """Pairs of places of elements that stand once on either side, as long a rising row of them as there is."""
    in_a, in_b = Counter(a[low:high]), Counter(b[start:end])
    places = {b[at]: at for at in range(start, end) if in_b[b[at]] == 1}
    pairs = [(at, places[a[at]]) for at in range(low, high) if in_a[a[at]] == 1 and a[at] in places]
    tops: list[int] = []
    owners: list[int] = []
    back = [-1] * len(pairs)
    for number, (_, to) in enumerate(pairs):
        pile = bisect_left(tops, to)
        back[number] = owners[pile - 1] if pile else -1
        if pile == len(tops):
            tops.append(to)
            owners.append(number)
        else:
            tops[pile], owners[pile] = to, number
    row: list[tuple[int, int]] = []
    here = owners[-1] if owners else -1
    while here >= 0:
        row.append(pairs[here])
        here = back[here]
    return row[::-1]


def _myers(a: list[int], b: list[int], low: int, high: int, start: int, end: int) -> list[Block]:
    """Myers' greedy search in a stretch; nothing when more than `MOST_EDITS` edits part the two."""
    n, m = high - low, end - start
    common = set(a[low:high]) & set(b[start:end])
    if not common:
        return []
    reach = {1: 0}
    trace: list[dict[int, int]] = []
    for edits in range(min(n + m, MOST_EDITS) + 1):
        trace.append(dict(reach))
        for diagonal in range(-edits, edits + 1, 2):
            x = reach[diagonal + 1] if _downwards(reach, diagonal, edits) else reach[diagonal - 1] + 1
            y = x - diagonal
            while x < n and y < m and a[low + x] == b[start + y]:
                x, y = x + 1, y + 1
            reach[diagonal] = x
            if x >= n and y >= m:
                return _walk_back(trace, n, m, low, start)
    return []


def _downwards(reach: dict[int, int], diagonal: int, edits: int) -> bool:
    return diagonal == -edits or (diagonal != edits and reach[diagonal - 1] < reach[diagonal + 1])


def _walk_back(trace: list[dict[int, int]], n: int, m: int, low: int, start: int) -> list[Block]:
    blocks: list[Block] = []
    x, y = n, m
    for edits in range(len(trace) - 1, -1, -1):
        diagonal = x - y
        down = _downwards(trace[edits], diagonal, edits)
        from_x = trace[edits][diagonal + 1 if down else diagonal - 1]
        after = 0 if edits == 0 else from_x + (not down)
        if x > after:
            blocks.append((low + after, start + after - diagonal, x - after))
        x, y = from_x, from_x - (diagonal + 1 if down else diagonal - 1)
    return blocks


def _joined(blocks: list[Block]) -> list[Block]:
    joined: list[Block] = []
    for at, to, size in blocks:
        if size and joined and joined[-1][0] + joined[-1][2] == at and joined[-1][1] + joined[-1][2] == to:
            last = joined[-1]
            joined[-1] = (last[0], last[1], last[2] + size)
        elif size:
            joined.append((at, to, size))
    return joined
