"""Two globs meet when some path matches both: checked against every short path there is."""

from fnmatch import fnmatchcase
from functools import cache
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state.footprint import PathSet, first_meeting, glob_fault, globs_meet

# Every part below that some name matches has one of these among its matches, and so have every two that meet.
NAMES = ("a", "b", "c", "ab", "ba", "aab", "abb")
LONGEST = 5
PATHS = ["/".join(parts) for count in range(1, LONGEST + 1) for parts in product(NAMES[:4], repeat=count)]

PARTS = st.sampled_from(["a", "b", "ab", "*", "?", "a*", "*b", "[ab]", "[!a]", "**", "**"])
GLOBS = st.lists(PARTS, min_size=1, max_size=3).map("/".join)

LETTERS = st.sampled_from(["a", "b", "*", "?", "[ab]", "[!a]", "[^b]", "[a-b]", "[!a-b]"])
SINGLE_PARTS = st.lists(LETTERS, min_size=1, max_size=4).map("".join).filter(lambda part: "**" not in part)
SHORT_NAMES = ["".join(letters) for count in range(1, 9) for letters in product("abc", repeat=count)]


def matches(glob: list[str], path: list[str]) -> bool:
    if not glob:
        return not path
    if glob[0] == "**":
        return any(matches(glob[1:], path[taken:]) for taken in range(len(path) + 1))
    return bool(path) and fnmatchcase(path[0], glob[0].replace("[^", "[!")) and matches(glob[1:], path[1:])


@cache
def matched(glob: str) -> frozenset[str]:
    return frozenset(path for path in PATHS if matches(glob.split("/"), path.split("/")))


@cache
def matched_names(part: str) -> frozenset[str]:
    return frozenset(name for name in SHORT_NAMES if matches([part], [name]))


@given(GLOBS, GLOBS)
def test_globs_meet_when_some_path_matches_both(left: str, right: str) -> None:
    common = matched(left) & matched(right)
    if common:
        assert globs_meet(left, right)
    elif len(left.split("/")) + len(right.split("/")) <= LONGEST:
        assert not globs_meet(left, right), "no path that is long enough for both matches both"


@given(SINGLE_PARTS, SINGLE_PARTS)
def test_parts_meet_when_some_name_matches_both(left: str, right: str) -> None:
    assert globs_meet(left, right) == bool(matched_names(left) & matched_names(right))


@given(GLOBS, GLOBS)
def test_meeting_is_mutual_and_a_glob_meets_itself(left: str, right: str) -> None:
    assert globs_meet(left, right) == globs_meet(right, left)
    assert globs_meet(left, left)


@pytest.mark.parametrize(
    ("left", "right", "meet"),
    [
        ("a.py", "a.py", True),
        ("a.py", "a.pyc", False),
        ("src/**", "src/deep/er.py", True),
        ("src/**", "src", True),
        ("src/**", "srcs/x", False),
        ("**/test_*.py", "a/b/test_x.py", True),
        ("**/test_*.py", "src/**", True),
        ("**", "x", True),
        ("*.py", "a/b.py", False),
        ("*.py", "*.md", False),
        ("[a-m]*", "[n-z]*", False),
        ("[]]x", "]x", True),
        ("[!]]x", "]x", False),
        ("[a-]", "-", True),
        ("[.-0]", "[!.0]", False),
        ("a?c", "a/c", False),
        ("ü*", "ü", True),
        ("*" + "a*" * 30, "*" + "b*" * 30 + "c", True),
        ("/".join(["**", "a"] * 20), "/".join(["**", "b"] * 20), False),
    ],
)
def test_globs_that_people_write(left: str, right: str, meet: bool) -> None:
    assert globs_meet(left, right) is meet


@pytest.mark.parametrize(
    ("glob", "fault"),
    [
        ("", "is empty"),
        ("/etc", "relative"),
        ("~/x", "relative"),
        ("a\\b", "separate its parts with /"),
        ("a\0", "NUL"),
        ("../x", "parts . or .."),
        ("a/./b", "parts . or .."),
        ("a//b", "empty part"),
        ("a/", "end with /**"),
        ("a**", "only as a whole part"),
        ("***", "only as a whole part"),
        ("[ab", "not closed"),
        ("x/a[", "not closed"),
        ("[]", "not closed"),
        ("[!]", "not closed"),
        ("[a/b]", "not closed"),
        ("[z-a]", "no character is in"),
    ],
)
def test_a_glob_that_can_not_be_used_says_why(glob: str, fault: str) -> None:
    found = glob_fault(glob)
    assert found is not None
    assert fault in found


@pytest.mark.parametrize("glob", ["a", "**", "a/**/b", "[]]", "[!]a]", "a b/ü.py", "*.[ch]", ".env", "a]", "...", "x~"])
def test_a_glob_that_can_be_used_has_no_fault(glob: str) -> None:
    assert glob_fault(glob) is None


@given(st.lists(GLOBS, max_size=4), st.lists(GLOBS, max_size=4))
def test_the_first_meeting_is_the_first(left: list[str], right: list[str]) -> None:
    pairs = [(mine, other) for mine in left for other in right if globs_meet(mine, other)]
    assert first_meeting(left, iter(right)) == (pairs[0] if pairs else None)


SOME_PATHS = st.lists(st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=4).map("/".join), max_size=6)


def clash(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


@given(st.lists(SOME_PATHS, max_size=3), SOME_PATHS)
def test_paths_meet_when_one_is_the_other_or_lies_in_it(held: list[list[str]], asked: list[str]) -> None:
    paths = PathSet(held[0] if held else ())
    for more in held[1:]:
        paths.add(more)
    everything = [path for some in held for path in some]
    assert paths.meets(asked) == any(clash(one, other) for one in everything for other in asked)
