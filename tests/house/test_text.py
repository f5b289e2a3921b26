"""What no text of this repository may hold, whoever wrote it."""

import re

import pytest

from tests.house.tree import project_files, shown

BINARY = {".png", ".gif", ".jpg", ".ico", ".webp", ".woff2", ".gz", ".db"}
# A licence is quoted as it is, white space and all; what tools wrote is as they wrote it.
QUOTED = {"LICENSE"}
WRITTEN_BY_TOOLS = ("dashboard/static/app/", "tests/support/axe/")

RULES = {
    "a path of somebody's machine": re.compile(r"(?<![\w.\-/])/(?:work|root|farm)/"),
    "the host of a package registry": re.compile(
        r"\b(?:pypi|pythonhosted|npmjs|yarnpkg|crates|rubygems)\.(?:org|com|io)\b"
    ),
    "the setting of a package index": re.compile(r"^\s*--(?:extra-)?index-url\b", re.MULTILINE),
    "a merge that was never finished": re.compile(r"^(?:<{7}|>{7}|\|{7})(?: |$)", re.MULTILINE),
    "white space at the end of a line": re.compile(r"[ \t]+$", re.MULTILINE),
    "a carriage return": re.compile(r"\r"),
}

TEXTS = [path for path in project_files() if path.suffix not in BINARY and shown(path) not in QUOTED]
BY_HAND = [path for path in TEXTS if not shown(path).startswith(WRITTEN_BY_TOOLS)]
OF_FORM = {"white space at the end of a line", "a carriage return", "a merge that was never finished"}


@pytest.mark.parametrize("fault", RULES)
def test_no_text_holds(fault: str) -> None:
    found = [
        f"{shown(path)}:{text.count(chr(10), 0, match.start()) + 1}"
        for path in (BY_HAND if fault in OF_FORM else TEXTS)
        for text in [path.read_text(encoding="utf-8")]
        for match in RULES[fault].finditer(text)
    ]
    assert not found, f"{fault}: {', '.join(found)}"


def test_every_text_ends_with_one_newline() -> None:
    found = [
        shown(path)
        for path in BY_HAND
        if (data := path.read_bytes()) and (not data.endswith(b"\n") or data.endswith(b"\n\n"))
    ]
    assert not found


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        ("a path of somebody's machine", "cd /wor" + "k/main"),
        ("a path of somebody's machine", 'HOME = "/roo' + 't/.cache"'),
        ("the host of a package registry", "https://pypi" + ".org/simple"),
        ("the setting of a package index", "--extra-index" + "-url https://somewhere"),
        ("a merge that was never finished", "<" * 7 + " HEAD"),
        ("white space at the end of a line", "x = 1 \n"),
        ("a carriage return", "x = 1\r\n"),
    ],
)
def test_the_rule_sees(fault: str, line: str) -> None:
    assert RULES[fault].search(line)
