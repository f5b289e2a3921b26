"""The parts of the documentation that are drawn from the code: `make docs` writes them, a test compares them.

A page asks for a part by a pair of comments, `<!-- generated: NAME -->` and `<!-- /generated -->`; what is
between them is replaced. Never: a part whose source is not the code itself.
"""

import ast
import re
import sys
from collections.abc import Callable
from pathlib import Path

from state.lifecycle import ENDED, MOVES
from tests.house.tree import ROOT, project_files

BLOCK = re.compile(r"(?P<open><!-- generated: (?P<name>[a-z]+) -->\n).*?(?P<close><!-- /generated -->)", re.DOTALL)


def union_page(module: str, union: str) -> str:
    """Every member of a closed union with what it means and what it carries, in the order of the union."""
    tree = _parsed(module)
    classes = {name: _parsed(home).body for home, names in _homes(module, tree).items() for name in names}
    [written] = (node for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == union)
    members = ast.unparse(written.value).split(" | ")
    return "\n".join(member_section(_class(classes[name], name)) for name in members)


def _parsed(module: str) -> ast.Module:
    return ast.parse((ROOT / "state" / f"{module}.py").read_bytes())


def _homes(module: str, tree: ast.Module) -> dict[str, list[str]]:
    """Room of `state/` to the names that it defines or hands on (`from state.train_events import Landed as Landed`)."""
    homes: dict[str, list[str]] = {module: [node.name for node in tree.body if isinstance(node, ast.ClassDef)]}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.module.startswith("state."):
            handed_on = [alias.name for alias in node.names if alias.asname == alias.name]
            homes.setdefault(node.module.removeprefix("state."), []).extend(handed_on)
    return {home: names for home, names in homes.items() if names}


def _class(body: list[ast.stmt], name: str) -> ast.ClassDef:
    return next(node for node in body if isinstance(node, ast.ClassDef) and node.name == name)


def member_section(member: ast.ClassDef) -> str:
    """A heading, the docstring, and the fields as they are written."""
    lines = [f"### {member.name}", ""]
    if meaning := ast.get_docstring(member):
        lines += [meaning, ""]
    fields = [ast.unparse(node) for node in member.body if isinstance(node, ast.AnnAssign)]
    if fields:
        lines += ["```python", *fields, "```", ""]
    return "\n".join(lines)


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


PARTS: dict[str, Callable[[], str]] = {
    "events": lambda: union_page("events", "Event"),
    "commands": lambda: union_page("commands", "Command"),
    "intents": lambda: union_page("intents", "Intent"),
    "lifecycle": lifecycle_diagram,
}


def pages() -> list[Path]:
    return [path for path in project_files() if path.suffix == ".md"]


def redrawn(text: str) -> str:
    """The page with every generated part as it is today."""
    return BLOCK.sub(lambda block: f"{block['open']}\n{PARTS[block['name']]()}\n{block['close']}", text)


def main() -> int:
    """Write every page that changes."""
    for page in pages():
        text = page.read_text(encoding="utf-8")
        if (today := redrawn(text)) != text:
            page.write_text(today, encoding="utf-8")
            print(page.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
