"""Values of this house in a cache: read back as what they were, or not at all.

Never: a value that was written in another form than is read today.
"""

from typing import TypeVar

from state import codec
from state.kept import Cache

T = TypeVar("T")


async def recalled(cache: Cache, name: str, key: str, kind: type[T]) -> T | None:
    """What `remember` put there; None where there is nothing, or nothing that can be read as `kind`."""
    raw = await cache.get(name, key)
    try:
        return None if raw is None else codec.decode_as(kind, raw)
    except (ValueError, TypeError, KeyError):
        return None  # written by another version


async def remember(cache: Cache, name: str, key: str, value: object) -> None:
    await cache.put(name, key, codec.encode(value).encode())
