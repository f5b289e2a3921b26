"""Conflicts between branches as values, and the ladder that they would go up."""

from collections.abc import Sequence

from conflict.contract import look
from conflict.detect import FoundConflict, Standing, conflicts_between
from conflict.foresee import UNRELATED
from conflict.ladder import next_rung
from conflict.schema.values import Finding
from state.candidate import ConflictKind, Rung
from state.git.memory import MemoryRepository
from state.ids import Sha

TEXT = (ConflictKind.TEXT,)


def branches() -> tuple[MemoryRepository, list[tuple[str, Sha]]]:
    repository = MemoryRepository()
    start = repository.seed({"x.txt": b"one\n", "y.txt": b"one\n"}, "refs/heads/main")
    a = repository.commit_files(start, {"x.txt": ("100644", b"two\n")}, "a", 1.0)
    b = repository.commit_files(start, {"x.txt": ("100644", b"three\n")}, "b", 1.0)
    c = repository.commit_files(start, {"y.txt": ("100644", b"two\n")}, "c", 1.0)
    return repository, [("a", a), ("b", b), ("c", c)]


async def test_every_pair_is_looked_at_once() -> None:
    repository, refs = branches()
    [found] = (await conflicts_between(repository, refs)).conflicts
    assert (found.between, found.path, found.kind) == (("a", "b"), "x.txt", ConflictKind.TEXT)
    assert (found.resolves, found.rung, found.symbol) == (False, Rung.PERSON, "")


async def test_clean_branches_have_no_conflict() -> None:
    repository, refs = branches()
    assert await conflicts_between(repository, [refs[0], refs[2]]) == Standing(())


async def test_histories_without_a_common_ancestor_are_one_conflict() -> None:
    repository, refs = branches()
    alien = repository.commit_files(None, {"z.txt": ("100644", b"z\n")}, "alien", 1.0)
    found = (await conflicts_between(repository, [refs[0], ("alien", alien)])).conflicts
    detail = "they have no common ancestor"
    assert found == (FoundConflict(ConflictKind.TEXT, UNRELATED, ("a", "alien"), "", "", detail, False, Rung.PERSON),)


def test_the_ladder_begins_with_gits_own_merge_and_ends_with_the_person() -> None:
    assert next_rung(None, TEXT, ladder=True) is Rung.TRIVIAL
    assert next_rung(Rung.TRIVIAL, TEXT, ladder=True) is Rung.REMEMBERED
    assert next_rung(Rung.REMEMBERED, TEXT, ladder=True) is Rung.STRUCTURAL
    assert next_rung(Rung.STRUCTURAL, TEXT, ladder=True) is Rung.PERSON
    assert next_rung(Rung.PERSON, TEXT, ladder=True) is None


def test_switched_off_it_stops_at_gits_own_merge() -> None:
    assert next_rung(None, TEXT, ladder=False) is Rung.TRIVIAL
    assert next_rung(Rung.TRIVIAL, TEXT, ladder=False) is None


async def test_what_a_rule_carries_into_the_caller_resolves_without_a_person() -> None:
    repository = MemoryRepository()
    base = {"prices.py": b"def price(item):\n    return len(item)\n", "cart.py": b"\n"}
    start = repository.seed(base, "refs/heads/main")
    renamed = base["prices.py"].replace(b"price", b"cost")
    a = repository.commit_files(start, {"prices.py": ("100644", renamed)}, "a", 1.0)
    caller = b"from prices import price\n\nprint(price('x'))\n"
    b = repository.commit_files(start, {"cart.py": ("100644", caller)}, "b", 1.0)

    async def settle(ours: Sha, theirs: Sha) -> Sequence[Finding]:
        return (await look(repository, ours, theirs)).found

    [found] = (await conflicts_between(repository, [("a", a), ("b", b)], settle)).conflicts
    assert (found.kind, found.rule, found.path) == (ConflictKind.STRUCTURE, "symbol-renamed-in-use", "cart.py")
    assert (found.resolves, found.rung) == (True, Rung.CONTRACT)
