"""Python source as bytes, with edits at places that the parser names; everything else keeps its bytes.

Never: a reformatted line, an edit of a file that is not UTF-8 (in which alone the parser counts as we do).
"""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass

from conflict.surface import syntax

_NEWLINE = re.compile(rb"\r\n|\r|\n")
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Splice:
    """Bytes `start` to `end` become `text`."""

    start: int
    end: int
    text: bytes


def parse(source: bytes) -> ast.Module | None:
    """The syntax tree; None for what can not be edited."""
    try:
        source.decode()
    except UnicodeDecodeError:
        return None
    tree = syntax.parse(source)
    return None if isinstance(tree, str) else tree


def line_starts(source: bytes) -> list[int]:
    """The byte at which each line begins, by the parser's own idea of a line."""
    first = len(_MARK) if source.startswith(_MARK) else 0
    return [first, *(match.end() for match in _NEWLINE.finditer(source))]


def place(starts: list[int], node: ast.expr | ast.stmt | ast.keyword | ast.arg | ast.alias) -> tuple[int, int]:
    """The bytes of a node."""
    last = node.lineno if node.end_lineno is None else node.end_lineno
    return starts[node.lineno - 1] + node.col_offset, starts[last - 1] + (node.end_col_offset or 0)


def spliced(source: bytes, splices: Iterable[Splice]) -> bytes:
    """The source with each place replaced; a place inside another that was replaced already is left out."""
    parts, at = [], 0
    for one in sorted(set(splices), key=lambda one: (one.start, -one.end)):
        if one.start >= at:
            parts += [source[at : one.start], one.text]
            at = one.end
    return b"".join([*parts, source[at:]])


def quoted(like: bytes, text: str) -> bytes:
    """A text as a Python literal with the quotes that another literal has."""
    mark = b"'" if like[:1] == b"'" else b'"'
    return mark + text.encode() + mark
