"""Listing trees: what was listed before is not gone through again, and nothing of it is mistaken for another."""

from state.git import trees
from state.git.memory import MemoryRepository
from state.git.trees import Entries

FILES = {"a/x.py": b"1", "a/deep/y.py": b"2", "b/x.py": b"1", "z.py": b"3"}


class Asked:
    """Notes which folders are read."""

    def __init__(self, repository: MemoryRepository) -> None:
        self._repository = repository
        self.folders: list[bytes] = []

    def entries(self, tree: bytes) -> Entries:
        self.folders.append(tree)
        return self._repository.entries(tree)


def test_a_listing_after_a_change_reads_the_folders_that_changed_and_tells_all_files() -> None:
    repository = MemoryRepository()
    first = repository.seed(FILES, "refs/heads/main")
    second = repository.commit_files(first, {"b/x.py": ("100755", b"9"), "b/new.py": ("100644", b"2")}, "change", 0.0)
    asked = Asked(repository)
    listings = trees.Listings(asked)
    assert list(listings.of(repository.tree_id(first))) == ["a/deep/y.py", "a/x.py", "b/x.py", "z.py"]
    assert len(asked.folders) == 4
    asked.folders.clear()
    listed = listings.of(repository.tree_id(second))
    assert len(asked.folders) == 2
    assert listed == trees.Listings(repository).of(repository.tree_id(second))
    assert (listed["b/x.py"].mode, listed["b/new.py"].blob) == ("100755", listed["a/deep/y.py"].blob)


def test_the_same_folder_at_two_places_is_listed_at_each() -> None:
    repository = MemoryRepository()
    commit = repository.seed({"a/x.py": b"1", "b/x.py": b"1"}, "refs/heads/main")
    assert list(trees.Listings(repository).of(repository.tree_id(commit))) == ["a/x.py", "b/x.py"]
