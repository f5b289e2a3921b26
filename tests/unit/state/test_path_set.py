"""Whether plain paths meet: the same path, or a file where the other has a folder."""

import pytest

from state.footprint import PathSet


@pytest.mark.parametrize(
    ("held", "asked", "meet"),
    [
        ("a.py", "a.py", True),
        ("a.py", "b.py", False),
        ("lib", "lib/a.py", True),
        ("lib/a.py", "lib", True),
        ("lib/deep/a.py", "lib", True),
        ("lib", "lib/deep/a.py", True),
        ("lib/a.py", "lib/b.py", False),
        ("lib", "library/a.py", False),
        ("a", "b/a", False),
    ],
)
def test_paths_meet_in_both_directions(held: str, asked: str, meet: bool) -> None:
    assert PathSet([held]).meets([asked]) is meet
    assert PathSet([asked]).meets([held]) is meet


def test_what_is_added_later_counts_too() -> None:
    held = PathSet(["lib/deep/a.py"])
    assert not held.meets(["lib/other/b.py"])
    held.add(["lib/other/b.py", "top.py"])
    assert held.meets(["x.py", "lib/other"])
    assert held.meets(["top.py"])


def test_nothing_meets_an_empty_set() -> None:
    assert not PathSet().meets(["a.py"])
    assert not PathSet(["a.py"]).meets([])
