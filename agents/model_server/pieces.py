"""What the wire formats share: tools as they are offered, and a text in the pieces of a stream.

Never: a wire format.
"""

from collections.abc import Iterator

from agents.model_server.tools import Offered

Event = tuple[str, dict[str, object]]
"""A server-sent event: its name ("" for none) and its data."""

_PIECE = 24


def offered(schema: object) -> Offered:
    """A tool's arguments, of its JSON Schema."""
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict):
        return Offered(frozenset())
    lists = (name for name, one in properties.items() if isinstance(one, dict) and one.get("type") == "array")
    return Offered(frozenset(properties), frozenset(lists))


def pieces(text: str) -> Iterator[str]:
    for start in range(0, len(text), _PIECE):
        yield text[start : start + _PIECE]
