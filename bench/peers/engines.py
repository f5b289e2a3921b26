"""One no-op graph through one engine: `engines.py NAME < graph.json`, in a venv that has the engine.

Reads `{"needs": [[0, 1], …], "slots": 4}`, prints `{"seconds", "cpu_seconds", "peak_kib", "version"}`. The clocks run
from the graph being known to the last task being done; starting the engine itself (Ray's servers) is not counted, nor
is the processor time of those.

Never: an import of Tianting.
"""

import asyncio
import importlib.metadata
import json
import operator
import os
import resource
import sys
import time
from collections.abc import Callable
from graphlib import TopologicalSorter
from typing import Annotated, TypedDict

Needs = list[list[int]]
Took = tuple[float, float]
"""Seconds, and those of this process's processor time."""


class Clock:
    def __init__(self) -> None:
        self._began, self._busy = time.perf_counter(), time.process_time()

    def took(self) -> Took:
        return time.perf_counter() - self._began, time.process_time() - self._busy


def run_graphlib(needs: Needs, slots: int) -> Took:
    """asyncio and the standard library's sorter, `slots` workers, no state kept: the lower bound of any engine."""

    async def noop() -> None:
        return

    async def main() -> None:
        sorter = TopologicalSorter(dict(enumerate(needs)))
        sorter.prepare()
        ready: asyncio.Queue[int | None] = asyncio.Queue()
        for task in sorter.get_ready():
            ready.put_nowait(task)

        async def worker() -> None:
            while (task := await ready.get()) is not None:
                await noop()
                sorter.done(task)
                for follower in sorter.get_ready():
                    ready.put_nowait(follower)
                if not sorter.is_active():
                    for _ in range(slots):
                        ready.put_nowait(None)

        async with asyncio.TaskGroup() as group:
            for _ in range(slots):
                group.create_task(worker())

    clock = Clock()
    asyncio.run(main())
    return clock.took()


def _layers(needs: Needs) -> list[int]:
    depth: list[int] = []
    for need in needs:
        depth.append(1 + max((depth[one] for one in need), default=-1))
    layers = [0] * (1 + max(depth))
    for one in depth:
        layers[one] += 1
    return layers


def run_langgraph(needs: Needs, slots: int) -> Took:
    """One `Send` a task and one superstep a layer, no checkpointer; the state is two counters."""
    from langgraph.graph import END, START, StateGraph  # type: ignore[import-not-found, unused-ignore]
    from langgraph.types import Send  # type: ignore[import-not-found, unused-ignore]

    class State(TypedDict):
        layer: Annotated[int, operator.add]
        done: Annotated[int, operator.add]

    async def layer(_: State) -> dict[str, int]:
        return {"layer": 1}

    async def work(_: State) -> dict[str, int]:
        return {"done": 1}

    clock = Clock()
    layers = _layers(needs)

    def spread(state: State) -> object:
        at = state["layer"] - 1
        return [Send("work", state)] * layers[at] if at < len(layers) else END

    builder = StateGraph(State)
    builder.add_node("layer", layer)
    builder.add_node("work", work)
    builder.add_edge(START, "layer")
    builder.add_conditional_edges("layer", spread, ["work", END])
    builder.add_edge("work", "layer")
    compiled = builder.compile()
    config = {"recursion_limit": 4 * len(layers) + 10, "max_concurrency": slots}
    end = asyncio.run(compiled.ainvoke({"layer": 0, "done": 0}, config))
    took = clock.took()
    assert end["done"] == len(needs), end
    return took


def run_ray(needs: Needs, slots: int) -> Took:
    """One remote call a task, its needs handed over as futures; local servers that were started before."""
    import ray  # type: ignore[import-not-found, unused-ignore]

    ray.init(num_cpus=slots, include_dashboard=False, log_to_driver=False, logging_level="error")

    @ray.remote(num_cpus=1)  # type: ignore[untyped-decorator, unused-ignore]
    def noop(*_: object) -> None:
        return

    ray.get([noop.remote() for _ in range(4 * slots)])  # its worker processes start now
    clock = Clock()
    futures: list[object] = []
    for need in needs:
        futures.append(noop.remote(*[futures[one] for one in need]))
    ray.get(futures)
    took = clock.took()
    ray.shutdown()
    return took


ENGINES: dict[str, Callable[[Needs, int], Took]] = {
    "graphlib": run_graphlib,
    "langgraph": run_langgraph,
    "ray": run_ray,
}


def main() -> None:
    name = sys.argv[1]
    asked = json.load(sys.stdin)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, cpu = ENGINES[name](asked["needs"], asked["slots"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    version = sys.version.split()[0] if name == "graphlib" else importlib.metadata.version(name)
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu, "peak_kib": peak, "version": version}))


if __name__ == "__main__":
    main()
