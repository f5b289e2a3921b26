"""What statements of SQL do to a schema, by the words they begin with: enough to see that two scripts touch the same
thing, in any dialect.

Never: a proof; that is running them. What is not understood is an operation `run`.
"""

import re
from collections.abc import Iterator

from conflict.surface.nouns import Operation
from conflict.surface.nouns import OperationKind as K

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.S)
_PART = re.compile(r"'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$|;|[^;'$]+|['$]", re.S)
_WORD = r'([\w$]+|"[^"]+"|`[^`]+`|\[[^\]]+\])'
_NAME = rf"((?:{_WORD[1:-1]})(?:\.(?:{_WORD[1:-1]}))*)"
_IF = r"(?:if (?:not )?exists )?"


def _rule(text: str) -> re.Pattern[str]:
    return re.compile(r"\s*" + text.replace(" ", r"\s+"), re.I | re.S)


_INDEX_ON = _rule(rf"create (?:unique )?index (?:concurrently )?{_IF}{_NAME} on (?:only )?{_NAME}")
_ALTER = _rule(rf"alter table {_IF}(?:only )?{_NAME}\s*(.*)")
_WRITES = _rule(rf"(?:update (?:only )?|insert (?:or \w+ )?into |delete from ){_NAME}")
_WHOLE = (
    (_rule(rf"create (?:global |local )?(?:temp |temporary |unlogged )?table {_IF}{_NAME}"), K.CREATE_TABLE),
    (_rule(rf"drop table {_IF}{_NAME}"), K.DROP_TABLE),
    (_rule(rf"create (?:or replace )?(?:materialized )?view {_IF}{_NAME}"), K.CREATE_TABLE),
    (_rule(rf"drop (?:materialized )?view {_IF}{_NAME}"), K.DROP_TABLE),
    (_rule(rf"create type {_NAME}"), K.CREATE_TABLE),
    (_rule(rf"drop type {_IF}{_NAME}"), K.DROP_TABLE),
    (_rule(rf"alter type {_NAME}"), K.OTHER),
)
_STEPS = (
    (_rule(rf"(?:add|drop) constraint {_IF}{_WORD}"), K.CONSTRAINT),
    (_rule(rf"add (?!primary |foreign |unique\b|check\b|index |key )(?:column )?{_IF}{_WORD}"), K.ADD_COLUMN),
    (_rule(rf"drop (?!primary |foreign |index |key )(?:column )?{_IF}{_WORD}"), K.DROP_COLUMN),
    (_rule(rf"rename to {_WORD}"), K.RENAME_TABLE),
    (_rule(rf"rename (?:column )?{_WORD} to {_WORD}"), K.RENAME_COLUMN),
    (_rule(rf"(?:alter|modify|change) (?:column )?{_WORD}"), K.ALTER_COLUMN),
)
_NOTHING = re.compile(r"\s*(?:select|set|pragma|comment|analyze|vacuum|grant|revoke|begin|commit|start|end)\b", re.I)


def operations_of_sql(text: str) -> Iterator[Operation]:
    """The operations of a script, statement by statement."""
    for statement in statements_of(text):
        yield from _of_statement(statement)


def statements_of(text: str) -> list[str]:
    """A script's statements without comments, cut at semicolons outside of quotes."""
    found, here = [], ""
    for part in _PART.finditer(_COMMENT.sub(" ", text)):
        if part[0] == ";":
            found.append(here.strip())
            here = ""
        else:
            here += part[0]
    found.append(here.strip())
    return [one for one in found if one]


def plain(name: str) -> str:
    """A name as it is compared: without schema, quotes and case."""
    words: list[str] = re.findall(_WORD, name)
    return words[-1].strip('"`[]').lower()


def _of_statement(text: str) -> Iterator[Operation]:
    for rule, kind in _WHOLE:
        if found := rule.match(text):
            yield Operation(kind, plain(found[1]), detail=text)
            return
    if found := _INDEX_ON.match(text):
        yield Operation(K.CREATE_INDEX, plain(found[2]), index=plain(found[1]), detail=text)
    elif found := _ALTER.match(text):
        yield from _steps(plain(found[1]), found[2], text)
    elif found := _WRITES.match(text):
        yield Operation(K.RUN, plain(found[1]), detail=text)
    elif not _NOTHING.match(text):
        yield Operation(K.RUN, detail=text)


def _steps(table: str, rest: str, text: str) -> Iterator[Operation]:
    """The parts of one ALTER TABLE; commas inside brackets do not part them."""
    for step in re.split(r",(?![^()]*\))", rest):
        matched = ((kind, rule.match(step)) for rule, kind in _STEPS)
        kind, found = next(((kind, one) for kind, one in matched if one), (K.OTHER, None))
        if found is None:
            yield Operation(kind, table, detail=text)
        elif kind is K.CONSTRAINT:
            yield Operation(kind, table, index=plain(found[1]), detail=text)
        elif kind is K.RENAME_TABLE:
            yield Operation(kind, table, becomes=plain(found[1]), detail=text)
        elif kind is K.RENAME_COLUMN:
            yield Operation(kind, table, plain(found[1]), plain(found[2]), detail=text)
        else:
            yield Operation(kind, table, plain(found[1]), detail=text)
