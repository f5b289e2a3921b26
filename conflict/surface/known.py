"""Surfaces that were read before, by this process or another one, kept by path and content.

Never: a surface that other code than this has read, or one that is empty for want of a library.
"""

import hashlib
import sys
from functools import cache
from importlib.resources import files

from conflict.surface.nouns import Surface
from state import kept_values
from state.kept import Cache

NAME = "surface"


def key_of(path: str, blob: str) -> str:
    return hashlib.sha256(f"{_readers()}\n{blob}\n{path}".encode("utf-8", "surrogatepass")).hexdigest()


async def recalled(kept: Cache, key: str) -> Surface | None:
    return await kept_values.recalled(kept, NAME, key, Surface)


async def remember(kept: Cache, key: str, surface: Surface) -> None:
    if not surface.missing:
        await kept_values.remember(kept, NAME, key, surface)


@cache
def _readers() -> str:
    """It changes with the code that reads."""
    digest = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for file in sorted(files("conflict.surface").iterdir(), key=lambda one: one.name):
        if file.name.endswith(".py"):
            digest.update(file.read_bytes())
    return digest.hexdigest()
