"""What a scratch database holds, as a set of lines that can be compared and merged: one for each column, index,
reference or other thing in it.

Never: open a database in this process; a dump is a program's output, SQLite's too.
"""

import re
import shlex
import sys
from collections.abc import Iterator

Schema = frozenset[str]

_SQLITE = """
import sqlite3, sys
db = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
ask = lambda text, *given: db.execute(text, given).fetchall()
for kind, name, sql in ask("select type, name, sql from sqlite_master where name not like 'sqlite_%' order by 1, 2"):
    if kind != "table":
        if kind != "index": print(kind, name, " ".join((sql or "").split()))
        continue
    for _, column, of, notnull, default, key, hidden in ask("select * from pragma_table_xinfo(?)", name):
        print("table", name, "column", column, of, notnull, default, key, hidden)
    for row in ask("select * from pragma_foreign_key_list(?)", name):
        print("table", name, "reference", *row[2:7])
    for _, index, unique, origin, partial in ask("select * from pragma_index_list(?)", name):
        columns = [row[2] for row in ask("select * from pragma_index_info(?)", index)]
        print("table", name, "index", index if origin == "c" else origin, unique, partial, *columns)
"""
_NOISE = re.compile(r"--|\\|SET |SELECT |$")
_OPENS = re.compile(r".*\($")


def sqlite_dump(path: str) -> str:
    """The shell command that prints what a SQLite file holds, line by line."""
    return shlex.join([sys.executable, "-I", "-c", _SQLITE, path])


def schema_of(output: str) -> Schema:
    """A dump as a set: each line inside brackets with the line that opens them, so that two sides' columns of one table
    are apart; without comments and settings."""
    return frozenset(_lines(output))


def _lines(output: str) -> Iterator[str]:
    head = ""
    for raw in output.splitlines():
        line = raw.strip().rstrip(",")
        if _NOISE.match(line):
            continue
        if line.startswith(")"):
            head = ""
        elif _OPENS.fullmatch(line):
            head = f"{line} "
            yield line
        else:
            yield head + line


def together(base: Schema, ours: Schema, theirs: Schema) -> Schema:
    """What both sides make of the base: all that either added, without what either took away."""
    return (base & ours & theirs) | (ours - base) | (theirs - base)


def difference(wanted: Schema, found: Schema, most: int = 3) -> str:
    """The first of what is missing or too much, as the end of a sentence; "" when they are the same."""
    missing = [f"without `{line}`" for line in sorted(wanted - found)]
    more = [f"with `{line}`" for line in sorted(found - wanted)]
    rest = len(missing) + len(more) - most
    return ", ".join([*missing, *more][:most]) + (f" and {rest} more" if rest > 0 else "")
