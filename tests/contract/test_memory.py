"""The promises of `Memory`, for every body."""

from tests.contract.bodies import Body


async def test_what_one_process_remembers_the_other_recalls(body: Body) -> None:
    await body.store.remember({"a": "one\n", "b": "\udce9 天 \0"})
    assert await body.other_store.recall(["b", "a", "c"]) == {"a": "one\n", "b": "\udce9 天 \0"}


async def test_the_newest_is_what_is_remembered(body: Body) -> None:
    await body.store.remember({"a": "one", "b": "two"})
    await body.other_store.remember({"a": "three"})
    assert await body.store.recall(["a", "b"]) == {"a": "three", "b": "two"}


async def test_nothing_is_recalled_before_anything_is_remembered(body: Body) -> None:
    assert await body.store.recall(["a"]) == {}
    assert await body.store.recall([]) == {}
    await body.store.remember({})
    assert await body.store.recall(["a"]) == {}
