"""What was asked for before is known: the demo's branches, probed twice, in one process and in two."""

import json
import shutil
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest

from conflict.detect import conflicts_between
from dashboard.metrics import Metrics
from orchestrator.compose import House, open_house
from orchestrator.settings import Settings
from state.ids import Sha
from state.plan_known import known_plan
from state.plan_text import parse_plan
from state.ports import MergeClean
from state.stores.redis_cache import RedisCache
from tests.support.ground import clean_env, sh


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's repository after its run."""
    folder = tmp_path_factory.mktemp("demo")
    program = Path(sys.executable).with_name("tianting")
    args: list[str | Path] = [program, "demo", "--no-dashboard", "--keep", folder / "shop"]
    subprocess.run(args, env=clean_env(folder), check=True, capture_output=True, timeout=280)
    return folder / "shop"


def branches(top: Path) -> list[tuple[str, Sha]]:
    """What each task brought: the second parents of the landings."""
    merges = sh(top, "log", "--first-parent", "--merges", "--format=%P", "main").splitlines()
    return [(f"branch {number}", Sha(line.split()[1])) for number, line in enumerate(merges)]


def told(house: House, hit: bool, kind: str = "merge") -> int:
    """What `/metrics` says of merges, or of another kind."""
    text = Metrics().text(0, 0, house.cache.asked()).decode()
    label = f'tianting_cache_requests_total{{cache="{kind}",hit="{str(hit).lower()}"}} '
    return int(float(next((line for line in text.splitlines() if line.startswith(label)), f"{label}0").split()[-1]))


@pytest.mark.parametrize("store", ["memory:", "redis:embedded"])
async def test_of_the_demos_branches_probed_a_second_time_nine_of_ten_merges_are_known(
    demo: Path, tmp_path: Path, store: str
) -> None:
    top, refs = tmp_path / "shop", branches(demo)
    shutil.copytree(demo, top, symlinks=True)
    settings = Settings(tmp_path / "home", store)
    async with open_house(top, settings) as house:
        first = await conflicts_between(house.repository, refs)
        missed = told(house, False)
        assert missed >= len(refs), "those of a pair that changed no path in common need no merge"
        assert await conflicts_between(house.repository, refs) == first
        assert told(house, False) == missed
        assert told(house, True) >= 0.9 * missed
        if not isinstance(house.cache, RedisCache):
            return
        await house.cache.told()
    async with open_house(top, settings) as another:
        assert await conflicts_between(another.repository, refs) == first
        assert told(another, True) >= 0.9 * missed
        assert told(another, False) <= 0.1 * missed


@pytest.mark.parametrize("store", ["memory:", "redis:embedded"])
async def test_a_file_that_was_read_for_the_rules_is_read_once_by_all_processes(
    demo: Path, tmp_path: Path, store: str
) -> None:
    top, refs = tmp_path / "shop", branches(demo)
    shutil.copytree(demo, top, symlinks=True)
    settings = Settings(tmp_path / "home", store)
    async with open_house(top, settings) as house:
        first = await conflicts_between(house.repository, refs, kept=house.cache)
        missed = told(house, False, "surface")
        assert missed
        assert await conflicts_between(house.repository, refs, kept=house.cache) == first
        assert (told(house, True, "surface"), told(house, False, "surface")) == (missed, missed)
        if not isinstance(house.cache, RedisCache):
            return
        await house.cache.told()
    async with open_house(top, settings) as another:
        assert await conflicts_between(another.repository, refs, kept=another.cache) == first
        assert (told(another, True, "surface"), told(another, False, "surface")) == (missed, 0)


async def test_a_merge_is_made_anew_when_its_tree_is_gone_or_its_settings_changed(demo: Path, tmp_path: Path) -> None:
    top = tmp_path / "shop"
    shutil.copytree(demo, top, symlinks=True)
    known = set(sh(top, "log", "--all", "--format=%T").split())
    async with open_house(top, Settings(tmp_path / "first", "memory:")) as house:
        pairs = [(ours, theirs) for (_, ours), (_, theirs) in combinations(branches(top), 2)]
        merges = [(pair, await house.repository.merge(*pair)) for pair in pairs]
        ours, theirs = next(pair for pair, one in merges if isinstance(one, MergeClean) and one.tree not in known)
    async with open_house(top, Settings(tmp_path / "home", "memory:")) as house:
        merged = await house.repository.merge(ours, theirs)
        assert isinstance(merged, MergeClean)
        assert await house.repository.merge(ours, theirs) == merged
        assert told(house, False) == 1
        sh(top, "config", "merge.renames", "false")
        assert await house.repository.merge(ours, theirs) == merged
        assert told(house, False) == 2
        loose = top / ".git" / "objects" / merged.tree[:2] / merged.tree[2:]
        loose.unlink()
        assert await house.repository.merge(ours, theirs) == merged
        assert loose.exists()


async def test_a_plan_that_was_launched_before_is_not_parsed_again(tmp_path: Path, demo: Path) -> None:
    text, parsed = json.dumps({"name": "p", "tasks": [{"id": "a", "run": "true", "verify": ["true"]}]}), []

    async def parse(text: str, source: str):  # type: ignore[no-untyped-def]
        parsed.append(source)
        return parse_plan(text, source)

    async with open_house(demo, Settings(tmp_path / "home", "memory:")) as house:
        found = [await known_plan(house.cache, text, "x.json", parse) for _ in range(3)]
        assert found == [parse_plan(text, "x.json")] * 3
        assert parsed == ["x.json"]
        broken = [await known_plan(house.cache, "tasks: 1", "y", parse) for _ in range(2)]
        assert broken[0] == broken[1] == parse_plan("tasks: 1", "y")
        assert len(parsed) == 3
