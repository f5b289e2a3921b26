"""What no merge may ever do, on random edits."""

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from conflict.merge.lines import matching, split_lines
from conflict.merge.three import stretches
from conflict.merge.whole import Lane, merge_contents, merge_texts
from state.candidate import Rung
from tests.support.weights import SHIPPED

LINES = st.lists(st.sampled_from([f"{word}\n" for word in ("a", "b = 1", "c(x)", "", "d", "e", "  f")]), max_size=14)
PATHS = st.sampled_from(["m.py", "a.js", "a.ts", "CHANGES.md", "conf.json", "conf.yml", "conf.toml", "x.txt"])


def edited(base: list[str], edits: list[tuple[int, str | None]]) -> list[str]:
    out = list(base)
    for place, line in edits:
        at = place % (len(out) + 1)
        if line is not None:
            out.insert(at, line)
        elif at < len(out):
            del out[at]
    return out


EDITS = st.lists(
    st.tuples(st.integers(0, 20), st.one_of(st.none(), st.sampled_from(["new\n", "b = 2\n", "a\n"]))), max_size=5
)


@given(LINES, LINES)
def test_what_is_said_to_match_does(left: list[str], right: list[str]) -> None:
    l_at = r_at = 0
    for at, to, size in matching(left, right):
        assert size > 0
        assert at >= l_at
        assert to >= r_at
        assert left[at : at + size] == right[to : to + size]
        l_at, r_at = at + size, to + size


@given(LINES, EDITS, EDITS)
def test_the_stretches_are_the_three_sides_and_nothing_else(
    base: list[str], mine: list[tuple[int, str | None]], other: list[tuple[int, str | None]]
) -> None:
    ours, theirs = edited(base, mine), edited(base, other)
    for apart in (True, False):
        parts = stretches(base, ours, theirs, apart=apart)
        assert [line for part in parts for line in part.base] == base
        assert [line for part in parts for line in part.ours] == ours
        assert [line for part in parts for line in part.theirs] == theirs


@given(LINES, EDITS, EDITS)
def test_git_s_own_kind_of_merge_is_symmetric(
    base: list[str], mine: list[tuple[int, str | None]], other: list[tuple[int, str | None]]
) -> None:
    ours, theirs = edited(base, mine), edited(base, other)
    there, back = stretches(base, ours, theirs), stretches(base, theirs, ours)
    assert [part.merged for part in there] == [part.merged for part in back]


@given(LINES, EDITS, PATHS)
def test_a_side_that_did_nothing_changes_nothing(
    base: list[str], mine: list[tuple[int, str | None]], path: str
) -> None:
    was, now = "".join(base).encode(), "".join(edited(base, mine)).encode()
    for sides in ((was, now, was), (was, was, now), (was, now, now)):
        assert merge_contents(*sides, path, SHIPPED, Lane.LAND).content == now


@given(LINES, EDITS, EDITS, PATHS)
def test_a_line_that_one_side_added_and_nobody_touched_is_in_the_result(
    base: list[str], mine: list[tuple[int, str | None]], other: list[tuple[int, str | None]], path: str
) -> None:
    ours, theirs = edited(base, mine), edited(base, other)
    for lane in (Lane.LAND, Lane.PROPOSE):
        one = merge_texts("".join(base), "".join(ours), "".join(theirs), path, SHIPPED, lane)
        lines = Counter(split_lines(one.content))
        kept = [line for part in stretches(base, ours, theirs) if part.merged is not None for line in part.merged]
        assert not Counter(kept) - lines


@given(LINES, EDITS, EDITS, PATHS)
def test_a_clean_result_has_no_markers_and_the_land_lane_loses_no_word(
    base: list[str], mine: list[tuple[int, str | None]], other: list[tuple[int, str | None]], path: str
) -> None:
    ours, theirs = edited(base, mine), edited(base, other)
    one = merge_texts("".join(base), "".join(ours), "".join(theirs), path, SHIPPED, Lane.LAND)
    assert one.clean is not any(line.startswith("<<<<<<<") for line in split_lines(one.content))
    if one.clean:
        words = Counter("".join(split_lines(one.content)).split())
        for side in (ours, theirs):
            assert set("".join(side).split()) - set("".join(base).split()) <= set(words)
    again = merge_texts("".join(base), "".join(ours), "".join(theirs), path, SHIPPED, Lane.LAND)
    assert again == one


BYTES = (b"a\n", b"b\r\n", b"c\r", b"\xff", b"\xc3\xa4", b"def f():\n", b"    x = (\n", b"class A {\n", b"}", b'"""')
PIECES = st.lists(st.sampled_from(BYTES) | st.binary(max_size=3), max_size=6).map(b"".join)


@given(PIECES, PIECES, PIECES, PIECES, PIECES, PATHS)
def test_whatever_the_bytes_are_it_is_decided_or_declined_and_what_is_outside_is_kept(
    base: bytes, ours: bytes, theirs: bytes, head: bytes, tail: bytes, path: str
) -> None:
    top, end = head + b"\n-- top --\n", b"\n-- end --\n" + tail
    for lane in (Lane.LAND, Lane.PROPOSE):
        one = merge_contents(top + base + end, top + ours + end, top + theirs + end, path, SHIPPED, lane)
        if one.content is not None:
            assert one.content.startswith(top)
            assert one.content.endswith(end)
        else:
            assert (one.clean, one.why != "") == (False, True)


GAPS = st.lists(st.tuples(st.integers(0, 24), st.sampled_from(["add", "change", "drop"])), max_size=6)


def changed(base: list[str], gaps: list[tuple[int, str]], who: str) -> tuple[list[str], dict[int, list[str]]]:
    """The base with an edit at some of its lines, and what stands new at each; every new line is like no other."""
    wanted = dict(gaps)
    out: list[str] = []
    new: dict[int, list[str]] = {}
    for at, line in enumerate(base):
        what = wanted.get(at)
        if what in ("add", "change"):
            new[at] = [f"{who} {at}\n"]
            out += new[at]
        if what not in ("change", "drop"):
            out.append(line)
    return out, new


@given(GAPS, GAPS, PATHS)
def test_what_one_side_adds_far_from_the_other_is_in_the_result_and_what_it_drops_is_not(
    mine: list[tuple[int, str]], other: list[tuple[int, str]], path: str
) -> None:
    base = [f"line {number}\n" for number in range(25)]
    (ours, new), (theirs, new_too) = changed(base, mine, "ours"), changed(base, other, "theirs")
    for lane in (Lane.LAND, Lane.PROPOSE):
        made = split_lines(merge_texts("".join(base), "".join(ours), "".join(theirs), path, SHIPPED, lane).content)
        for added, edits in ((new, other), (new_too, mine)):
            near = {at for at, _ in edits}
            for at, lines in added.items():
                if not near & set(range(at - 1, at + 2)):
                    assert all(made.count(line) == 1 for line in lines)
        for edits, others in ((mine, other), (other, mine)):
            near = {at for at, _ in others}
            for at, what in dict(edits).items():
                if what != "add" and not near & set(range(at - 2, at + 3)):
                    assert base[at] not in made


@given(GAPS, GAPS, PATHS)
def test_every_line_that_is_added_is_there_for_who_lands_or_is_asked(
    mine: list[tuple[int, str]], other: list[tuple[int, str]], path: str
) -> None:
    base = [f"line {number}\n" for number in range(25)]
    (ours, new), (theirs, new_too) = changed(base, mine, "ours"), changed(base, other, "theirs")
    made = merge_texts("".join(base), "".join(ours), "".join(theirs), path, SHIPPED, Lane.LAND).content
    for lines in (*new.values(), *new_too.values()):
        for line in lines:
            assert set(line.split()) <= set(made.split())


@given(GAPS, GAPS, PATHS)
def test_what_does_not_clash_is_the_same_whichever_side_is_ours(
    mine: list[tuple[int, str]], other: list[tuple[int, str]], path: str
) -> None:
    base = [f"line {number}\n" for number in range(25)]
    ours, theirs = "".join(changed(base, mine, "ours")[0]), "".join(changed(base, other, "theirs")[0])
    there = merge_texts("".join(base), ours, theirs, path, SHIPPED, Lane.LAND)
    back = merge_texts("".join(base), theirs, ours, path, SHIPPED, Lane.LAND)
    assert (there.rung is Rung.TRIVIAL) is (back.rung is Rung.TRIVIAL)
    if there.rung is Rung.TRIVIAL:
        assert there.content == back.content


def test_edits_like_these_come_to_every_end_there_is() -> None:
    dice = random.Random(5)
    base = [f"line {number}\n" for number in range(25)]
    kinds, ends = ("add", "change", "drop"), Counter[str]()
    for _ in range(150):
        sides = [
            changed(base, [(dice.randrange(25), dice.choice(kinds)) for _ in range(3)], who)[0] for who in ("a", "b")
        ]
        one = merge_texts("".join(base), "".join(sides[0]), "".join(sides[1]), "x.txt", SHIPPED, Lane.PROPOSE)
        ends[one.rung.value if one.clean else "asked"] += 1
    assert set(ends) == {Rung.TRIVIAL.value, Rung.STRUCTURAL.value, "asked"}
