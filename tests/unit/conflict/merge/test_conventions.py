"""Candidates that know what a file is: entries with keys, changelogs."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from conflict.merge.candidates import Kind, candidates
from conflict.merge.entries import merged_entries
from conflict.merge.lines import LONG, matching, split_lines
from conflict.merge.sections import merged_sections
from conflict.merge.three import Stretch


def lines(text: str) -> tuple[str, ...]:
    return tuple(split_lines(text))


def entries(base: str, ours: str, theirs: str, path: str) -> str | None:
    found = merged_entries(lines(base), lines(ours), lines(theirs), path)
    return None if found is None else "".join(found)


def test_json_entries_of_both_are_kept_the_newer_version_wins_and_commas_are_right() -> None:
    base = '    "send": "0.15.1",\n    "serve": "1.12.1"\n'
    ours = '    "router": "~1.3.0",\n    "send": "0.15.1",\n    "serve": "1.12.1"\n'
    theirs = '    "send": "0.15.4",\n    "serve": "1.12.4",\n    "vary": "1.0.0"\n'
    assert entries(base, ours, theirs, "package.json") == (
        '    "router": "~1.3.0",\n    "send": "0.15.4",\n    "serve": "1.12.4",\n    "vary": "1.0.0"\n'
    )


def test_what_is_below_a_key_and_the_comment_above_it_go_with_it() -> None:
    assert entries("", "# the cache\ncache:\n  size: 3\n", "log:\n  - file # here\n", "c.yml") == (
        "# the cache\ncache:\n  size: 3\nlog:\n  - file # here\n"
    )
    assert entries("b = 1\n", "a = 2  # two\nb = 1\n", "b = 1\nc = 3\n", "c.toml") == "a = 2  # two\nb = 1\nc = 3\n"


def test_two_values_of_one_key_and_a_change_of_what_the_other_took_out_are_not_guessed_at() -> None:
    assert entries("a: 1\n", "a: left\n", "a: right\n", "c.yaml") is None
    assert entries("a: 1\nb: 1\n", "a: 2\nb: 1\n", "b: 2\n", "c.yaml") is None
    assert entries("", "a: 1\na: 2\n", "b: 1\n", "c.yaml") is None
    assert entries("", "plain words\n", "b: 1\n", "c.yaml") is None
    assert entries("", '  "a": {\n', '  "b": 1,\n', "c.json") is None


def test_what_one_side_took_out_stays_out() -> None:
    assert entries("a: 1\nb: 1\n", "b: 2\n", "a: 1\nb: 1\nc: 1\n", "c.yaml") == "b: 2\nc: 1\n"


KEYS = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=6)


@given(KEYS, KEYS, KEYS)
def test_entries_are_merged_as_sets_are(base: list[str], ours: list[str], theirs: list[str]) -> None:
    sides = [tuple(f"{key}: 1\n" for key in side) for side in (base, ours, theirs)]
    made = merged_entries(sides[0], sides[1], sides[2], "c.yaml")
    if not ours or not theirs:
        assert made is None
        return
    assert made is not None
    was, mine, other = set(base), set(ours), set(theirs)
    wanted = (mine & other) | (mine - was) | (other - was)
    assert Counter(made) == Counter(f"{key}: 1\n" for key in wanted)


def test_releases_stand_newest_first_and_one_heading_is_said_once() -> None:
    ours = "3.1.0\n=====\n\n- new\n\n"
    theirs = ".. _version-3.0.3:\n\n3.0.3\n=====\n\n- fixed\n\n"
    both = ours + theirs
    assert merged_sections((), lines(ours), lines(theirs), "Changelog.rst") == lines(both)
    assert merged_sections((), lines(theirs), lines(ours), "Changelog.rst") == lines(both)
    same = merged_sections((), lines("## Unreleased\n\n- a\n\n"), lines("## Unreleased\n\n- b\n\n"), "CHANGELOG.md")
    assert same == lines("## Unreleased\n\n- a\n- b\n\n")
    turned = merged_sections(
        (), lines("## Unreleased\n\n- a\n\n"), lines("## Unreleased\n\n- b\n\n"), "CHANGELOG.md", reverse=True
    )
    assert turned == lines("## Unreleased\n\n- b\n- a\n\n")


def test_sections_are_for_changelogs_and_additions_alone() -> None:
    ours, theirs = lines("# 1.1\n\n- a\n"), lines("# 1.2\n\n- b\n")
    assert merged_sections((), ours, theirs, "README.md") is None
    assert merged_sections(("gone\n",), ours, theirs, "CHANGES.md") is None
    assert merged_sections((), lines("- a\n"), lines("- b\n"), "CHANGES.md") is None


def test_they_are_among_the_candidates() -> None:
    clash = Stretch((), ('  "a": 1\n',), ('  "b": 2\n',), None)
    found = {kind: one.lines for one in candidates(clash, "x.json") for kind in one.kinds}
    assert found[Kind.ENTRIES] == ('  "a": 1,\n', '  "b": 2\n')
    assert found[Kind.ENTRIES_REVERSED] == ('  "b": 2,\n', '  "a": 1\n')
    clash = Stretch((), ("# 1.1\n", "\n", "- a\n"), ("# 1.2\n", "\n", "- b\n"), None)
    found = {kind: one.lines for one in candidates(clash, "CHANGES.md") for kind in one.kinds}
    assert found[Kind.SECTIONS] == ("# 1.2\n", "\n", "- b\n", "\n", "# 1.1\n", "\n", "- a\n")


def test_long_sequences_are_compared_by_what_differs() -> None:
    left = [f"line {number}" for number in range(LONG + 500)]
    right = [*left[:40], "new", *left[40:9_000], *left[9_005:20_000], "other", *left[20_001:]]
    found = matching(left, right)
    assert sum(size for _, _, size in found) == len(left) - 5 - 1
    assert all(left[at : at + size] == right[to : to + size] for at, to, size in found)
    assert matching(left, left[::-1])
    assert matching(left, ["x"] * (LONG + 1)) == []
