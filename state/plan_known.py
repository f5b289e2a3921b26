"""Plans that were parsed before, by their text and its source: a thousand tasks take seconds to parse and check.

Never: a plan of another version of the format; faults, which name the place that a text came from.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable
from functools import cache

from state.kept import Cache
from state.kept_values import recalled, remember
from state.plan import Plan
from state.plan_fault import PlanFault
from state.plan_schema import json_schema

NAME = "plan"
Parsed = Plan | tuple[PlanFault, ...]
Parse = Callable[[str, str], Awaitable[Parsed]]


async def known_plan(cache: Cache, text: str, source: str, parse: Parse) -> Parsed:
    """What `parse` gives, or gave for the same text."""
    key = hashlib.sha256(f"{_format()}\n{source}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()
    known = await recalled(cache, NAME, key, Plan)
    if known is not None:
        return known
    found = await parse(text, source)
    if isinstance(found, Plan):
        await remember(cache, NAME, key, found)
    return found


@cache
def _format() -> str:
    """It changes with every key that a plan can have."""
    return hashlib.sha256(json.dumps(json_schema(), sort_keys=True).encode()).hexdigest()
