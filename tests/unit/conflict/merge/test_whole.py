"""Whole files: what is merged, what is left to a person, and what no byte of may change."""

import codecs
import time
from dataclasses import replace

import pytest

from conflict.merge.contents import Declined, texts
from conflict.merge.markers import Labels
from conflict.merge.remembered import keys, learned, recalled
from conflict.merge.veto import veto
from conflict.merge.whole import Lane, MergedFile, merge_contents
from state.candidate import Rung
from tests.support.weights import SHIPPED

BASE = b"import os\n\n\ndef f(a, b):\n    return a + b\n\n\ndef g():\n    return 1\n"


def merge(base: bytes, ours: bytes, theirs: bytes, path: str = "m.py", lane: Lane = Lane.PROPOSE) -> MergedFile:
    return merge_contents(base, ours, theirs, path, SHIPPED, lane)


def test_one_side_alone_is_taken_as_it_is_whatever_it_holds() -> None:
    for content in (b"\0\xff", b"a\r\nb\n", codecs.BOM_UTF16_LE + "x".encode("utf-16-le"), b""):
        one = merge(b"base\n", content, b"base\n")
        assert (one.content, one.clean, one.rung) == (content, True, Rung.TRIVIAL)


def test_edits_of_one_line_are_both_kept() -> None:
    base = b"def total(items, rate):\n    return sum(items) * rate\n"
    ours = b"def total(items, rate):\n    return sum(items) * (1 + rate)\n"
    theirs = b"def total(items, rate):\n    return sum(items or []) * rate\n"
    one = merge(base, ours, theirs)
    if one.clean:
        assert b"sum(items or []) * (1 + rate)" in (one.content or b"")


def test_what_is_not_likely_enough_is_marked_in_diff3_style() -> None:
    base, ours, theirs = b"a\nx\nb\n", b"a\nnorth wind blows\nb\n", b"a\nsouth sea rises\nb\n"
    one = merge_contents(base, ours, theirs, "t.txt", SHIPPED, Lane.LAND, Labels("B", "O", "T", 9))
    assert not one.clean
    assert one.content == (
        b"a\n<<<<<<<<< O\nnorth wind blows\n||||||||| B\nx\n=========\nsouth sea rises\n>>>>>>>>> T\nb\n"
    )


@pytest.mark.parametrize(
    ("path", "lane"),
    [
        ("m.py", Lane.LAND),
        ("c.toml", Lane.LAND),
        ("README.md", Lane.PROPOSE),
        ("CHANGES", Lane.PROPOSE),
        ("uv.lock", Lane.PROPOSE),
    ],
)
def test_what_nothing_can_check_never_lands_by_itself_however_sure_it_is(path: str, lane: Lane) -> None:
    sure = replace(SHIPPED, land=0.0, propose=0.0)
    base, ours, theirs = b"a = 1\nb = 1\n", b"a = 2\nb = 1\n", b"a = 1\nb = 3\n"
    one = merge_contents(base, ours, theirs, path, sure, Lane.PROPOSE)
    assert (one.clean, one.rung, one.lane, one.content) == (True, Rung.STRUCTURAL, lane, b"a = 2\nb = 3\n")


def test_what_merges_line_by_line_and_does_not_parse_is_a_clash() -> None:
    base, ours, theirs = (
        b'{\n  "a": 1,\n  "b": 1,\n  "c": 1\n}\n',
        b'{\n  "d": 2,\n  "a": 1,\n  "b": 1,\n  "c": 1\n}\n',
        b'{\n  "a": 1,\n  "b": 1,\n  "c": 1,\n  "d": 3\n}\n',
    )
    one = merge(base, ours, theirs, "c.json")
    assert (one.clean, one.lane, one.why) == (False, Lane.ASK, "it does not parse")
    assert (one.content or b"").count(b'"d"') == 2
    assert merge(base, ours, theirs, "c.txt").clean


@pytest.mark.parametrize("sides", [(b"\0a", b"\0b", b"\0c"), (b"a", codecs.BOM_UTF16_LE + b"a\0", b"b")])
def test_what_is_no_text_is_declined(sides: tuple[bytes, bytes, bytes]) -> None:
    one = merge(*sides)
    assert (one.content, one.clean, one.lane) == (None, False, Lane.ASK)
    assert one.why


def test_carriage_returns_a_byte_order_mark_and_a_missing_last_newline_come_out_as_they_went_in() -> None:
    mark = codecs.BOM_UTF8
    base, ours, theirs = mark + b"a\r\nb\r\nc\r\nd", mark + b"A\r\nb\r\nc\r\nd", mark + b"a\r\nb\r\nc\r\nD"
    assert merge(base, ours, theirs).content == mark + b"A\r\nb\r\nc\r\nD"


def test_a_side_that_changed_all_line_ends_does_not_clash_with_one_that_changed_a_line() -> None:
    assert merge(b"a\nb\nc\n", b"a\r\nb\r\nc\r\n", b"a\nB\nc\n").content == b"a\r\nB\r\nc\r\n"


def test_mixed_line_ends_are_kept_line_by_line() -> None:
    base, ours, theirs = b"a\r\nb\nc\nd\r\n", b"A\r\nb\nc\nd\r\n", b"a\r\nb\nc\nD\r\n"
    assert merge(base, ours, theirs).content == b"A\r\nb\nc\nD\r\n"


def test_bytes_that_are_no_utf_8_and_utf_16_come_out_as_they_went_in() -> None:
    assert merge(b"\xe9\nb\nc\n", b"\xe9\xe8\nb\nc\n", b"\xe9\nb\nC\xfc\n").content == b"\xe9\xe8\nb\nC\xfc\n"
    wide = [
        codecs.BOM_UTF16_BE + text.encode("utf-16-be")
        for text in ("a\nb\nc\n", "A\nb\nc\n", "a\nb\n天\n", "A\nb\n天\n")
    ]
    assert merge(wide[0], wide[1], wide[2]).content == wide[3]


@pytest.mark.parametrize(
    ("result", "why"),
    [
        ("import os\n\ndef f(:\n", "parse"),
        ("import os\n\n\ndef f(a):\n    return colour\n", "colour"),
        ("import os\n\n\ndef f(a):\n    return a\n\n\ndef f(b):\n    return b\n", "f twice"),
    ],
)
def test_the_veto_sees(result: str, why: str) -> None:
    side = "import os\n\n\ndef f(a):\n    return a\n"
    assert why in veto("m.py", side, side)(result)
    assert not veto("m.py", side, side)(side)


def test_the_veto_knows_json_and_toml_and_lets_the_faults_of_a_side_be() -> None:
    assert veto("c.json", '{"a": 1}', '{"a": 2}')('{"a": 1, "a": 2}')
    assert veto("c.toml", "a = 1\n", "a = 2\n")("a = 1\na = 2\n")
    assert not veto("m.py", "print 'two'\n", "print 'three'\n")("print 'four'\n")
    assert veto("m.py", "print 'two'\n", "print('three')\n")("print 'four'\n") == "it does not parse"
    assert not veto("c.json", "{", "{")("{")


def test_a_clash_that_was_settled_is_settled_again_in_another_file_and_with_the_sides_the_other_way() -> None:
    base, ours, theirs = b"a\nx = 1\nz\n", b"a\nx = 2\nz\n", b"a\nx = 3\nz\n"
    known = learned(base, ours, theirs, b"a\nx = 23\nz\n")
    assert set(known) == set(keys(base, ours, theirs))
    assert recalled(b"top\n" + base, b"top\n" + theirs, b"top\n" + ours, known) == b"top\na\nx = 23\nz\n"
    assert recalled(base, ours, b"a\nx = 4\nz\n", known) is None


def test_nothing_is_learned_where_the_lines_around_a_clash_are_gone_too() -> None:
    assert learned(b"a\nx\nz\n", b"a\ny\nz\n", b"a\nw\nz\n", b"new\n") == {}


@pytest.mark.parametrize(
    "content",
    [
        lambda word: "".join(f"{word} {number}\n" for number in range(100_000)).encode(),
        lambda word: f"{'(' * 50_000}{word}\n".encode(),
        lambda word: (word * 2_000_000).encode(),
        lambda word: f"{word}\nx\n".encode() * 60_000,
    ],
)
def test_huge_and_deep_input_is_decided_or_left(content) -> None:  # type: ignore[no-untyped-def]
    began = time.process_time()
    one = merge(content("base"), content("ours"), content("their"))
    assert time.process_time() - began < 20
    assert one.content is None or one.clean or b"<<<<<<<" in one.content


def test_source_that_is_too_long_to_be_checked_is_left() -> None:
    rest = b"x = 1\n" * 80_000
    one = merge(b"a = 1\n" + rest, b"a = 2\n" + rest, b"a = 3\n" + rest)
    assert (one.clean, one.why) == (False, "it is too long to be checked")


def test_a_file_above_the_bound_is_declined() -> None:
    big = b"x" * 12_000_001
    assert isinstance(texts(big, b"a", b"b"), Declined)
