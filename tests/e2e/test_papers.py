"""The papers tell the truth: plans parse, command lines name what there is, links lead somewhere, and the pages on the
plan, the command line and the API name all that the code has, and nothing that it has not."""

import ast
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import get_args
from urllib.parse import unquote

import pytest
import typer.main

from dashboard.app import create_app
from dashboard.ports import Options
from orchestrator.cli.main import app
from state import events, intents, plan_schema
from state.commands import Command
from state.lifecycle import Status
from state.plan import Plan
from state.plan_text import parse_plan
from tests.house.tree import DEMO, FLOORS, ROOT, product_modules, project_files, shown
from tests.support.stage import ports_of
from tests.support.story import World

PAGES = [path for path in project_files() if path.suffix == ".md" and not shown(path).startswith((DEMO, "bench/"))]
WIDTH = 120
GENERATED = "docs/events.md"
FENCE = re.compile(r"^(?P<mark>```+)(?P<kind>\w*)[^\n]*\n(?P<text>.*?)^(?P=mark)$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
SPAN = re.compile(r"`(?P<text>[^`\n]+)`")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block and its first line's number in the page."""

    page: str
    line: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks() -> Iterator[Block]:
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        for found in FENCE.finditer(text):
            yield Block(shown(path), text.count("\n", 0, found.start()) + 1, found["kind"], found["text"])


BLOCKS = list(blocks())


def without_fences(text: str) -> str:
    return FENCE.sub("", text)


def section(page: str, heading: str) -> str:
    """The text from a heading to the next one that is not below it."""
    level = len(heading) - len(heading.lstrip("#"))
    lines = iter(read(page).splitlines())
    assert any(line == heading for line in lines), f"{page} has no {heading!r}"
    return "\n".join(takewhile(lambda line: not re.match(rf"#{{1,{level}}} ", line), lines))


def table_names(text: str) -> set[str]:
    """The code spans in the first column of the tables of a text."""
    rows = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `")]
    return {found["text"] for row in rows for found in SPAN.finditer(row)}


# --------------------------------------------------------------------------------------------------------------- plans


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.kind == "yaml"], ids=str)
def test_a_plan_that_is_shown_is_sound(block: Block) -> None:
    found = parse_plan(block.text, str(block))
    assert isinstance(found, Plan), [str(fault) for fault in found]


@pytest.mark.parametrize(
    ("heading", "keys"),
    [
        ("## The plan", plan_schema.PLAN),
        ("### `defaults`", plan_schema.DEFAULTS),
        ("### `limits`", plan_schema.LIMITS),
        ("### `permissions`", plan_schema.PERMISSIONS),
        ("## A task", plan_schema.TASK),
        ("## A script", plan_schema.STEP_KINDS),
    ],
)
def test_the_page_on_the_plan_names_every_key_and_no_other(heading: str, keys: Mapping[str, object]) -> None:
    own = section("docs/plan.md", heading).split("\n### ")[0]
    assert table_names(own) == set(keys)


def test_the_page_on_the_plan_names_the_keys_of_windows_gates_and_steps() -> None:
    for heading, keys in (
        ("### `windows`", plan_schema.WINDOW),
        ("### `gate`", plan_schema.GATE),
        ("## A script", plan_schema.STEP),
    ):
        text = section("docs/plan.md", heading)
        assert not [key for key in keys if not re.search(rf"`{key}[`:]", text)], heading


# -------------------------------------------------------------------------------------------------------- command line

ROOT_COMMAND = typer.main.get_command(app)
SHELL_ENDS = {"|", ">", ">>", "&&", "||", ";", "2>&1"}


def command_lines() -> Iterator[tuple[str, list[str]]]:
    """Every command line of ours in a fenced block: what follows `$ ` in a console, each line of a shell script."""
    for block in BLOCKS:
        for offset, line in enumerate(block.text.replace("\\\n", "  ").splitlines()):
            prompted = line.removeprefix("$ ")
            if (block.kind == "sh" or prompted != line) and prompted.startswith("tianting "):
                words = shlex.split(prompted, comments=True)[1:]
                yield f"{block.page}:{block.line + offset + 1}", list(takewhile(lambda w: w not in SHELL_ENDS, words))


def spoken_lines() -> Iterator[tuple[str, list[str]]]:
    """Command lines in the midst of a sentence, `tianting COMMAND …`."""
    for path in PAGES:
        for found in SPAN.finditer(without_fences(path.read_text(encoding="utf-8"))):
            if found["text"].startswith("tianting ") and shown(path) != GENERATED:
                yield f"{shown(path)}: {found['text']}", found["text"].split()[1:]


def commands(group: object = ROOT_COMMAND, name: str = "") -> Iterator[tuple[str, set[str]]]:
    """Each command with its options, as a person writes them."""
    for key, inner in getattr(group, "commands", {}).items():
        if hasattr(inner, "commands"):
            yield from commands(inner, f"{name}{key} ")
        else:
            yield f"{name}{key}", {option for one in inner.params for option in one.opts if option.startswith("-")}


COMMANDS = dict(commands())
ROOT_OPTIONS = {option for one in ROOT_COMMAND.params for option in one.opts} | {"--help", "-h"}


def split(words: list[str]) -> tuple[str, list[str]]:
    """The command that the words name and what follows; a test fails when they name none."""
    rest = [word for word in words if word not in ROOT_OPTIONS]
    for size in (2, 1):
        if " ".join(rest[:size]) in COMMANDS:
            return " ".join(rest[:size]), rest[size:]
    assert not rest or rest[0] in {"COMMAND", "plan"}, f"there is no command {' '.join(rest)}"
    return "", []


@pytest.mark.parametrize(("where", "words"), [pytest.param(*line, id=line[0]) for line in command_lines()])
def test_a_command_line_that_is_shown_is_understood(where: str, words: list[str]) -> None:
    name, rest = split(words)
    assert name, f"{where} names no command"
    inner: object = ROOT_COMMAND
    for part in name.split():
        inner = getattr(inner, "commands")[part]  # noqa: B009
    # Parsed as the program itself would: unknown options, missing arguments and wrong types are refused.
    getattr(inner, "make_context")(name, rest)  # noqa: B009


def test_a_command_line_in_a_sentence_names_what_there_is() -> None:
    wrong: list[str] = []
    for where, words in spoken_lines():
        name, rest = split(words)
        known = COMMANDS.get(name, set()) | ROOT_OPTIONS
        wrong += [f"{where}: {word}" for word in rest if word.startswith("-") and word not in known]
    assert not wrong


def test_there_are_command_lines_to_be_looked_at() -> None:
    assert len(list(command_lines())) > 15
    assert len(list(spoken_lines())) > 15


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_on_the_command_line_names_every_option_of_a_command_and_no_other(name: str) -> None:
    heading = re.search(rf"^### `tianting {re.escape(name)}(?: [A-Z\[].*)?`$", read("docs/cli.md"), re.MULTILINE)
    assert heading, f"docs/cli.md has no section on `tianting {name}`"
    own = without_fences(section("docs/cli.md", heading[0]))
    named = {word for found in SPAN.finditer(own) for word in re.findall(r"(?<!\S)--?[a-z][a-z-]*", found["text"])}
    others = {"--ff-only"}
    assert named - others == COMMANDS[name] - {"--help", "-h"}


def test_the_page_on_the_command_line_has_no_section_on_a_command_that_there_is_not() -> None:
    sections = re.findall(r"^### `tianting ([a-z -]+?)(?: [A-Z\[].*)?`$", read("docs/cli.md"), re.MULTILINE)
    assert sorted(sections) == sorted(COMMANDS)


# ---------------------------------------------------------------------------------------------------------------- API


def test_the_page_on_the_api_names_every_endpoint_and_no_other() -> None:
    described = create_app(ports_of(World()), Options(tokens=("t",))).openapi()["paths"]
    there = {f"{method.upper()} {path}" for path, methods in described.items() for method in methods}
    assert there
    assert table_names(section("docs/api.md", "## Endpoints")) == there


def problem_codes() -> set[str]:
    """The second argument of every problem that the dashboard raises or answers, and its table of codes."""
    found: set[str] = set()
    for path in product_modules():
        if not shown(path).startswith("dashboard/"):
            continue
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Problem", "problem"} and len(node.args) > 1:
                found |= {ast.literal_eval(node.args[1])} if isinstance(node.args[1], ast.Constant) else set()
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_CODES":
                found |= set(ast.literal_eval(node.value).values())
    return found


def test_the_page_on_the_api_names_every_problem_and_no_other() -> None:
    codes = problem_codes()
    assert "ahead" in codes
    assert table_names(section("docs/api.md", "## Problems")) == codes | {"error"}


def test_the_page_on_the_api_names_every_metric_and_no_other() -> None:
    source = (ROOT / "dashboard" / "metrics.py").read_text(encoding="utf-8")
    there = {name.removesuffix("_total") for name in re.findall(r'"(tianting_[a-z_]+)"', source)}
    named = {name.split("{")[0].removesuffix("_total") for name in table_names(section("docs/api.md", "## Metrics"))}
    assert named == there


# -------------------------------------------------------------------------------------------------------------- words

LISTS = {one.__name__ for union in (events.Event, Command, intents.Intent) for one in get_args(union)}


@pytest.mark.parametrize("page", [shown(path) for path in PAGES if shown(path) != GENERATED])
def test_an_event_command_or_intent_that_is_named_exists(page: str) -> None:
    spans = {found["text"] for found in SPAN.finditer(without_fences(read(page)))}
    verbs = "Start|Attempt|Candidate|Conflict|Checks|Landing|Question|Plan|Intent|Trunk|Lease|Gate"
    named = {
        span for span in spans if re.fullmatch(rf"(?:{verbs})[A-Z][A-Za-z]+|[A-Z][a-z]+(?:Run|Task|Candidate)", span)
    }
    assert named <= LISTS


def test_the_glossary_has_every_status_and_no_other() -> None:
    assert table_names(section("docs/glossary.md", "## Statuses of a task")) == {status.value for status in Status}


def test_the_glossary_gives_one_meaning_to_a_word() -> None:
    words = re.findall(r"^\| \*\*([^*]+)\*\*", read("docs/glossary.md"), re.MULTILINE)
    assert len(words) > 30
    assert len({word.casefold() for word in words}) == len(words)


# -------------------------------------------------------------------------------------------------------- architecture


def test_the_table_of_rooms_is_the_tree() -> None:
    folders = {shown(path.parent) for path in product_modules()}
    assert {folder.split("/")[0] for folder in folders} <= set(FLOORS)
    assert table_names(section("docs/architecture.md", "## Rooms")) == folders


def test_a_file_that_is_named_is_there() -> None:
    wrong: list[str] = []
    for path in PAGES:
        if shown(path) in (GENERATED, "docs/plan.md"):
            continue
        for found in SPAN.finditer(without_fences(path.read_text(encoding="utf-8"))):
            name = found["text"]
            if re.fullmatch(rf"(?:{'|'.join(FLOORS)}|tests|deploy|bench|docs)/[\w./-]+", name):
                wrong += [] if (ROOT / name).exists() else [f"{shown(path)}: {name}"]
    assert not wrong


# -------------------------------------------------------------------------------------------------------- all the pages


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    text = without_fences(page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#{1,6} (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_a_link_leads_somewhere(page: Path) -> None:
    wrong: list[str] = []
    for found in LINK.finditer(without_fences(page.read_text(encoding="utf-8"))):
        target, _, anchor = unquote(found["target"]).partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        place = (page.parent / target).resolve() if target else page
        if not place.exists() or (anchor and anchor not in anchors(place)):
            wrong.append(found["target"])
    assert not wrong


@pytest.mark.parametrize("page", [path for path in PAGES if shown(path) != GENERATED], ids=shown)
def test_a_line_has_at_most_120_columns(page: Path) -> None:
    lines = page.read_text(encoding="utf-8").splitlines()
    assert not [number for number, line in enumerate(lines, 1) if len(line) > WIDTH]


@pytest.mark.parametrize("picture", sorted((ROOT / "docs" / "images").iterdir()), ids=lambda path: path.name)
def test_a_picture_is_one_is_shown_and_is_not_large(picture: Path) -> None:
    assert picture.read_bytes().startswith(b"\x89PNG\r\n")
    assert picture.stat().st_size <= 300_000
    assert f"(docs/images/{picture.name})" in read("README.md")


def test_the_readme_shows_the_wheel_that_is_built() -> None:
    version = re.search(r'^version = "([^"]+)"', read("pyproject.toml"), re.MULTILINE)
    assert version is not None
    assert f"dist/tianting-{version[1]}-py3-none-any.whl" in read("README.md")
