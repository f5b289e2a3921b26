import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.lines import Line, Lines, Tail, clean


def fed(lines: Lines, *chunks: bytes) -> list[Line]:
    return [line for chunk in chunks for line in lines.feed(chunk)]


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
def test_lines_do_not_depend_on_where_the_chunks_were_cut(data: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[start:end] for start, end in itertools.pairwise(places)]
    in_parts, at_once = Lines(1000), Lines(1000)
    assert fed(in_parts, *chunks) == fed(at_once, data)
    assert in_parts.rest() == at_once.rest()


@given(st.lists(st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b"")), max_size=8))
def test_what_goes_in_comes_out_line_by_line(parts: list[bytes]) -> None:
    data = b"".join(part + b"\n" for part in parts)
    assert [line.raw for line in fed(Lines(100), data)] == parts


def test_a_long_line_is_cut_and_says_by_how_much() -> None:
    assert fed(Lines(4), b"abc", b"defgh", b"i\nnext\n") == [Line(b"abcd", 5), Line(b"next")]


def test_a_line_that_never_ends_takes_no_more_memory_than_the_limit() -> None:
    lines = Lines(1000)
    for _ in range(100):
        assert not fed(lines, b"x" * 65536)
    rest = lines.rest()
    assert rest is not None
    assert len(rest.raw) == 1000
    assert rest.dropped == 100 * 65536 - 1000


def test_a_last_line_without_an_end_is_a_line() -> None:
    lines = Lines(100)
    assert fed(lines, b"one\ntwo") == [Line(b"one")]
    assert lines.rest() == Line(b"two")


def test_there_is_no_rest_after_a_line_end() -> None:
    lines = Lines(100)
    fed(lines, b"one\n")
    assert lines.rest() is None


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain", "plain"),
        ("天庭".encode(), "天庭"),
        (b"tab\tstays", "tab\tstays"),
        (b"\x1b[31mred\x1b[0m", "red"),
        (b"\x1b]0;title\x07after", "after"),
        (b"10%\r50%\r100%", "100%"),
        (b"windows\r", "windows"),
        (b"one\r\ntwo\r\n", "one\ntwo\n"),
        (b"bell\x07nul\x00", "bell\ufffdnul\ufffd"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"", ""),
        (b"\r\r", ""),
    ],
)
def test_text_is_made_safe_to_print(raw: bytes, text: str) -> None:
    assert clean(raw) == text


@given(st.binary(max_size=300))
def test_no_control_character_reaches_a_terminal(raw: bytes) -> None:
    assert not [char for char in clean(raw) if char not in "\t\n" and (char < " " or "\x7f" <= char < "\xa0")]


def test_the_tail_is_the_end_and_says_that_there_was_more() -> None:
    tail = Tail(limit=10)
    tail.feed(b"0123456789")
    assert tail.text() == "0123456789"
    tail.feed(b"abc\n")
    assert tail.text() == "…456789abc"


def test_the_tail_of_a_flood_stays_small() -> None:
    tail = Tail(limit=100)
    for _ in range(50):
        tail.feed(b"y\n" * 32768)
    assert len(tail.text()) <= 101
