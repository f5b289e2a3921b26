"""JSON and YAML documents as nested values that can be written back in the form they had.

Never: a document whose form is not known to be kept; a YAML tag or anchor made into something else.
"""

import io
import json
import re
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

Scalar = None | bool | int | float | str
Node = Scalar | list["Node"] | dict[str, "Node"]

_LARGEST = 2_000_000
_INDENTS = ((2, 2, 0), (2, 4, 2), (4, 4, 0), (4, 4, 2), (4, 6, 4))
"""(mapping, sequence, offset) that people write YAML with."""


class _Twice(Exception):
    """A key stands twice in one mapping."""


@dataclass(slots=True)
class Document:
    """`root` may be changed in place, and written."""

    root: Node
    _text: str
    _form: "_JsonForm | YAML"

    @classmethod
    def read(cls, path: str, data: bytes) -> "Document | None":
        """None for what can not be read, holds a key twice, or is too large."""
        if len(data) > _LARGEST or not path.endswith((".json", ".yaml", ".yml")):
            return None
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return None
        return _json(text) if path.endswith(".json") else _yaml(text)

    def written(self) -> bytes | None:
        """The document in its form; None where that form is not one that can be kept."""
        if isinstance(self._form, _JsonForm):
            return self._form.dump(self.root).encode() if self._form.keeps else None
        text = _dumped(self._form, self.root)
        return None if text is None else text.encode()


@dataclass(frozen=True, slots=True)
class _JsonForm:
    indent: str | None
    ascii: bool
    end: str
    keeps: bool = True

    def dump(self, root: Node) -> str:
        return json.dumps(root, indent=self.indent, ensure_ascii=self.ascii) + self.end


def _once(pairs: list[tuple[str, Node]]) -> dict[str, Node]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice
    return found


def _json(text: str) -> Document | None:
    try:
        root: Node = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError, _Twice):
        return None
    first = re.search(r"\n([ \t]+)\"", text)
    end = text[len(text.rstrip()) :]
    form = _JsonForm(first[1] if first else None, text.isascii(), end)
    keeps = form.dump(root) == text
    return Document(root, text, form if keeps else _JsonForm(form.indent, form.ascii, end, keeps=False))


def _yaml(text: str) -> Document | None:
    form: YAML | None = None
    for indent in _INDENTS:
        form = _form(indent)
        try:
            root: Node = form.load(text)
        except (YAMLError, ValueError, RecursionError):
            return None
        if _dumped(form, root) == text:
            return Document(form.load(text), text, form)
    return None


def _form(indent: tuple[int, int, int]) -> YAML:
    form = YAML(typ="rt", pure=True)
    form.preserve_quotes = True
    form.width = 1_000_000
    form.indent(mapping=indent[0], sequence=indent[1], offset=indent[2])
    return form


def _dumped(form: YAML, root: Node) -> str | None:
    out = io.StringIO()
    try:
        form.dump(root, out)
    except (YAMLError, ValueError, RecursionError):
        return None
    return out.getvalue()
