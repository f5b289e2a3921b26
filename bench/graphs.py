"""The task graphs that every engine is given: for each task, the numbers of the tasks it needs.

Never: an engine.
"""

import random

Needs = list[list[int]]

WIDTH = 50
SHAPES = ("layered", "fan-out")


def layered(tasks: int, seed: int) -> Needs:
    """Layers of 50 tasks; each needs two of the layer before, chosen by a seeded generator."""
    draw = random.Random(seed)
    needs: Needs = []
    for task in range(tasks):
        before = task // WIDTH * WIDTH - WIDTH
        needs.append(sorted(draw.sample(range(before, before + WIDTH), 2)) if before >= 0 else [])
    return needs


def fan_out(tasks: int) -> Needs:
    """One task that all others need."""
    return [[] if task == 0 else [0] for task in range(tasks)]


def graph(shape: str, tasks: int, seed: int = 7) -> Needs:
    return layered(tasks, seed) if shape == "layered" else fan_out(tasks)
