"""The text of a plan that is YAML 1.2, taken apart by ruamel.yaml with every value's place kept.

Only mappings, lists and plain scalars are made: a tag that would make anything else is a fault, and aliases may not
blow a small text up. Never: anything about plans; this room knows values and places.
"""

import io
import re
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from state.plan_fault import Mishap, Place, Raw, Spot, Tree, key_twice

_CORE = "tag:yaml.org,2002:"
_TEXT_TAGS = frozenset({f"{_CORE}str", f"{_CORE}timestamp", f"{_CORE}merge"})
_FORBIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_DEEPEST = 40
_ALIASES_MAY_ADD = 100_000
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,18})")
_QUOTED_START = frozenset("@`%&*!|>'\"#{}[],?-")


def read_yaml(text: str) -> Tree | Mishap:
    """The tree of a YAML text (`root` None when it is empty), or where and why it is none."""
    forbidden = _FORBIDDEN.search(text)
    if forbidden:
        lines = text[: forbidden.start()].split("\n")
        letter = f"U+{ord(forbidden.group()):04X}"
        return Mishap((len(lines), len(lines[-1]) + 1), f"the character {letter} may not stand in YAML: take it out")
    yaml = YAML(typ="safe", pure=True)
    yaml.max_depth = _DEEPEST
    yaml.composer.warn_double_anchors = False
    try:
        node = yaml.compose(io.StringIO(text))
    except MarkedYAMLError as error:
        return _syntax(text, error)
    except (YAMLError, ValueError, OverflowError, RecursionError) as error:
        return Mishap((1, 1), f"this is not YAML that can be read: {str(error).splitlines()[0]}")
    if node is None:
        return Tree(None, (), lambda spots: [(1, 1) for _ in spots])
    values = _Values()
    root = values.of(node)
    if values.size > values.nodes + _ALIASES_MAY_ADD:
        return Mishap(_place(node), "the aliases in this text repeat too much of it: write it out")
    return Tree(root, tuple(values.mishaps), lambda spots: [_find(node, spot) for spot in spots])


def _place(node: Node) -> Place:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _syntax(text: str, error: MarkedYAMLError) -> Mishap:
    """One sentence for a text that is not YAML; what to do is read from the text, not from the error's words."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.split("\n")
    rest = lines[line][column:] if line < len(lines) else ""
    what = error.problem or error.context or "it can not be read"
    if rest.startswith("\t"):
        advice = ": indent with spaces, not with tabs"
    elif rest.startswith(":"):
        advice = ": put a text that holds ': ' in quotes"
    elif rest.startswith("---"):
        advice = ": a plan is one document"
    elif rest[:1] in _QUOTED_START and rest:
        advice = f": put a text that holds {rest[0]} in quotes, and close what is open"
    else:
        advice = ": look at the indentation and the quotes around here"
    return Mishap((line + 1, column + 1), f"this is not YAML, {' '.join(what.split())}{advice}")


@dataclass(slots=True)
class _Values:
    """Turns nodes into values. An aliased node is turned once and shared, so only `size` sees it grow."""

    mishaps: list[Mishap] = field(default_factory=list)
    nodes: int = 0
    size: int = 0
    _done: dict[int, tuple[Raw, int]] = field(default_factory=dict)
    _open: set[int] = field(default_factory=set)

    def of(self, node: Node) -> Raw:
        if not isinstance(node, ScalarNode) and id(node) in self._open:
            self.mishaps.append(Mishap(_place(node), "an alias in here means the very thing it stands in"))
            return None
        done = self._done.get(id(node)) if node.anchor else None
        if done is not None:
            self.size += done[1]
            return done[0]
        self.nodes += 1
        before, self.size = self.size, self.size + 1
        self._open.add(id(node))
        value = self._made(node)
        self._open.discard(id(node))
        if node.anchor:
            self._done[id(node)] = (value, self.size - before)
        return value

    def _made(self, node: Node) -> Raw:
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        if str(node.tag) not in (f"{_CORE}map", f"{_CORE}seq"):
            self._strange_tag(node)
            return None
        if isinstance(node, SequenceNode):
            return [self.of(item) for item in node.value]
        assert isinstance(node, MappingNode)
        return self._mapping(node)

    def _mapping(self, node: MappingNode) -> Raw:
        found: dict[str, Raw] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self.mishaps.append(Mishap(_place(key_node), "a key must be a text, not a list or a mapping"))
                continue
            key = _joined(key_node.value)
            if key in found:
                self.mishaps.append(Mishap(_place(key_node), key_twice(key)))
            found[key] = self.of(value_node)
        return found

    def _scalar(self, node: ScalarNode) -> Raw:
        tag, value = str(node.tag), _joined(node.value)
        if tag == f"{_CORE}int":
            # A number that is not written as one (0123, 0x1f, 1_000) stays the text that somebody meant.
            return int(value) if _WHOLE.fullmatch(value) else value
        if tag == f"{_CORE}float":
            return _float(value)
        if tag == f"{_CORE}bool":
            return value.lower() in {"true", "yes", "on"}
        if tag == f"{_CORE}null":
            return None
        if tag not in _TEXT_TAGS:
            self._strange_tag(node)
        return value

    def _strange_tag(self, node: Node) -> None:
        name = str(node.tag).removeprefix(_CORE)
        self.mishaps.append(Mishap(_place(node), f"the tag {name!r} means nothing in a plan: take it away"))


def _float(value: str) -> Raw:
    try:
        return float(value)
    except ValueError:
        return value


def _joined(text: str) -> str:
    r"""YAML reads "\ud83d\ude00", as JSON writes it, as two halves; put such halves together."""
    if text.isascii() or not re.search("[\ud800-\udfff]", text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _find(root: Node, spot: Spot) -> Place:
    node, found = root, _place(root)
    for depth, step in enumerate(spot.path, start=1):
        if isinstance(node, MappingNode):
            pair = next((pair for pair in reversed(node.value) if _joined(str(pair[0].value)) == step), None)
            if pair is None:
                break
            key, node = pair
            # A value that was left out stands nowhere; the reader finds it at its key.
            left_out = isinstance(node, ScalarNode) and node.start_mark.index == node.end_mark.index
            found = _place(key if left_out or (spot.key and depth == len(spot.path)) else node)
        elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            found = _place(node)
        else:
            break
    return found
