"""The parts of the documentation that are drawn from the code: `make docs` writes them, a test compares them.

A page asks for a part by a pair of comments, `<!-- generated: NAME -->` and `<!-- /generated -->`; what is
between them is replaced. The description of the API, for the web interface's types, is written too. Never: a part whose
source is not the code itself.
"""

import ast
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from agents.runtimes.known import ABILITIES, abilities, runtime_for
from state.lifecycle import ENDED, MOVES
from state.plan import RuntimeName
from tests.house.tree import ROOT, project_files

API = ROOT / "dashboard" / "ui" / "openapi.json"
SPOKEN = ROOT / "dashboard" / "ui" / "src" / "words" / "common.ts"
WORDS = ROOT / "dashboard" / "top" / "words.json"
BLOCK = re.compile(r"(?P<open><!-- generated: (?P<name>[a-z]+) -->\n).*?(?P<close><!-- /generated -->)", re.DOTALL)


def union_page(module: str, union: str) -> str:
    """Every member of a closed union with what it means and what it carries, in the order of the union."""
    source = _source(module)
    tree = ast.parse(source)
    sections = {name: section for home in _homes(module, tree) for name, section in member_sections(_source(home))}
    [written] = (node for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == union)
    return "\n".join(sections[name] for name in ast.unparse(written.value).split(" | "))


def _source(module: str) -> str:
    return (ROOT / "state" / f"{module}.py").read_text(encoding="utf-8")


def _homes(module: str, tree: ast.Module) -> Iterator[str]:
    """The rooms of `state/` whose classes the module has: those it hands on (`… import Landed as Landed`), and its own,
    which count most."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and any(alias.asname == alias.name for alias in node.names):
            yield str(node.module).removeprefix("state.")
    yield module


def member_sections(source: str) -> Iterator[tuple[str, str]]:
    """Of each class: its name, and a heading, the docstring and the fields as they are written."""
    for node in ast.parse(source).body:
        if not isinstance(node, ast.ClassDef):
            continue
        lines = [f"### {node.name}", ""]
        if meaning := ast.get_docstring(node):
            lines += [meaning, ""]
        fields = [str(ast.get_source_segment(source, inner)) for inner in node.body if isinstance(inner, ast.AnnAssign)]
        if fields:
            lines += ["```python", *fields, "```", ""]
        yield node.name, "\n".join(lines)


def lifecycle_diagram() -> str:
    """The table of legal moves of a task, as a Mermaid diagram."""
    causes: dict[tuple[str, str], list[str]] = {}
    for event, moves in MOVES.items():
        for before, afters in moves.items():
            for after in afters:
                causes.setdefault((before, after), []).append(event)
    arrows = [f"    {before} --> {after}: {', '.join(sorted(by))}" for (before, after), by in sorted(causes.items())]
    ends = [f"    {status} --> [*]" for status in sorted(ENDED)]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> WAITING", *arrows, *ends, "```", ""])


def runtime_table() -> str:
    """What each runtime can do: a row an ability, a column a runtime."""
    names = list(RuntimeName)
    heads = " | ".join(f"`{name}`" for name in names)
    rows = [f"| | {heads} |", f"|---|{'---|' * len(names)}"]
    for at, (_, words) in enumerate(ABILITIES):
        told = " | ".join("yes" if list(abilities(name))[at][1] else "" for name in names)
        rows.append(f"| {words} | {told} |")
    notes = [f"- `{name}`: {note}" for name in names if (note := runtime_for(name).capabilities().note)]
    return "\n".join([*rows, "", *notes, *([""] if notes else [])])


PARTS: dict[str, Callable[[], str]] = {
    "events": lambda: union_page("events", "Event"),
    "commands": lambda: union_page("commands", "Command"),
    "intents": lambda: union_page("intents", "Intent"),
    "lifecycle": lifecycle_diagram,
    "runtimes": runtime_table,
}


def pages() -> list[Path]:
    return [path for path in project_files() if path.suffix == ".md"]


def redrawn(text: str) -> str:
    """The page with every generated part as it is today."""
    return BLOCK.sub(lambda block: f"{block['open']}\n{PARTS[block['name']]()}\n{block['close']}", text)


def api_description() -> str:
    """The OpenAPI document that the types of the web interface are generated from."""
    from dashboard.app import describe

    return json.dumps(describe(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def shared_words() -> str:
    """The words of the pages that the terminal screen says too; those outside of a section are its section `own`."""
    source = SPOKEN.read_text(encoding="utf-8")
    found = {"en": _literal(source, "export const en = "), "zh": _literal(source, "export const zh: typeof en = ")}
    for words in found.values():
        words["own"] = {key: words.pop(key) for key, value in list(words.items()) if isinstance(value, str)}
    return json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _literal(source: str, before: str) -> dict[str, object]:
    """The object literal behind `before`: bare names for keys, double-quoted strings for values."""
    text = source[source.index(before) + len(before) :]
    text = re.sub(r"} as \w+<[^>]*>", "}", text[: text.index("\n};") + 2])
    text = re.sub(r'("(?:[^"\\]|\\.)*")|(\b\w+)(?=:)', lambda at: at[1] or f'"{at[2]}"', text)
    found: dict[str, object] = json.loads(re.sub(r'("(?:[^"\\]|\\.)*")|,(?=\s*})', lambda at: at[1] or "", text))
    return found


def main() -> int:
    """Write every page that changes, and what the web interface and the terminal screen take from each other."""
    for file, today in ((API, api_description()), (WORDS, shared_words())):
        if not file.exists() or file.read_text(encoding="utf-8") != today:
            file.write_text(today, encoding="utf-8")
            print(file.relative_to(ROOT))
    for page in pages():
        text = page.read_text(encoding="utf-8")
        if (today := redrawn(text)) != text:
            page.write_text(today, encoding="utf-8")
            print(page.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
