"""What a file promises and what it relies on, as values: symbols, imports, calls, routes, shapes, tables, migrations.

One vocabulary for all languages, so that what compares two sides is written once. Never: how a file is read (one room
a language does that), a comparison, a path outside the repository.
"""

from dataclasses import dataclass, field
from enum import StrEnum

PATHS_KEPT = 65_536
"""Paths of which each rule keeps what their names say."""


class Language(StrEnum):
    PYTHON = "python"
    JAVASCRIPT = "javascript"
    TYPESCRIPT = "typescript"
    OPENAPI = "openapi"
    GRAPHQL = "graphql"
    SQL = "sql"
    OTHER = "other"


class SymbolKind(StrEnum):
    FUNCTION = "function"
    CLASS = "class"
    METHOD = "method"
    PROPERTY = "property"
    VALUE = "value"
    """A constant, a variable, a field of a class, a member of an enumeration."""
    TYPE = "type"
    """An interface or an alias that has no value of its own."""


class ParamKind(StrEnum):
    POSITIONAL = "positional"
    EITHER = "either"
    KEYWORD = "keyword"
    REST = "rest"
    """`*args` and `...args`."""
    NAMED_REST = "named_rest"
    """`**kwargs`."""


@dataclass(frozen=True, slots=True)
class Param:
    """`default` is its source, None when it must be given. `type` is its annotation's source, "" for none."""

    name: str
    kind: ParamKind = ParamKind.EITHER
    default: str | None = None
    type: str = ""

    @property
    def required(self) -> bool:
        return self.default is None and self.kind not in (ParamKind.REST, ParamKind.NAMED_REST)


@dataclass(frozen=True, slots=True)
class Signature:
    """What a caller writes: the receiver (`self`, `cls`) is left out. `awaited`: the call gives a coroutine."""

    params: tuple[Param, ...] = ()
    returns: str = ""
    awaited: bool = False


@dataclass(frozen=True, slots=True)
class Symbol:
    """`name` is dotted within its file (`Order.total`). `signature` is that of a call; for a class, of making one;
    None where a call says nothing (a value, a class whose making is not known).

    `digest` changes when the code does and not with layout or comments; `shape` is `digest` without the symbol's own
    name, so that what was only renamed or moved is known. Lines count from 1, both ends included.
    """

    name: str
    kind: SymbolKind
    line: int
    end: int
    digest: str = ""
    shape: str = ""
    signature: Signature | None = None
    bases: tuple[str, ...] = ()
    abstract: bool = False
    exported: bool = True
    type: str = ""
    decorated: bool = False
    """Under a decorator that may stand for anything: what a caller may write is not known then."""


@dataclass(frozen=True, slots=True)
class Import:
    """`name` of `module` known here as `bound`; `name` is "" for the module itself and `*` for all of it. `level`
    counts the dots before a relative one. `guarded`: where it fails, something else is done. `exported`: a script gives
    it to whoever imports the file, under the name `bound`."""

    module: str
    name: str
    bound: str
    line: int
    level: int = 0
    guarded: bool = False
    exported: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """What one call passes: so many by place, these by name; a star hides how many more."""

    positional: int = 0
    names: tuple[str, ...] = ()
    starred: bool = False
    double_starred: bool = False
    awaited: bool = False


@dataclass(frozen=True, slots=True)
class Use:
    """A name that is not this file's own is relied on: `target` is dotted, its first part bound by an import or by the
    file itself (`orders.place`, `Order.total`). `call` None: it is read and not called. `owner` is the symbol of this
    file that holds it, "" for the top of the file."""

    target: str
    line: int
    call: Call | None = None
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a shape. `type` is normalised source; "" when it is not known."""

    name: str
    type: str = ""
    required: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Shape:
    """Something with fields that passes between programs: an OpenAPI schema, a GraphQL type, a model of a body.
    `kind` is `object`, `input`, `enum`, `interface` or `union`. `open`: may hold more fields than these."""

    name: str
    fields: tuple[Field, ...]
    line: int
    kind: str = "object"
    open: bool = True


@dataclass(frozen=True, slots=True)
class Route:
    """`path` with every variable part written `{}`; `method` in capitals, `*` for any. `handler` is the symbol that
    answers. `query` and `body` are what it takes, `answer` what it gives back: fields written at the route itself, or,
    by name, a shape or class (`body_type`, `answer_type`)."""

    method: str
    path: str
    line: int
    handler: str = ""
    endpoint: str = ""
    framework: str = ""
    params: tuple[str, ...] = ()
    query: tuple[Field, ...] = ()
    body: tuple[Field, ...] = ()
    answer: tuple[Field, ...] = ()
    body_type: str = ""
    answer_type: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class RouteUse:
    """A program asks a route: by path, or by the route's own name (`endpoint`). `body` and `query` are the keys it
    sends, None when that is not written there; `reads` the keys that it takes from the answer."""

    method: str
    path: str
    line: int
    endpoint: str = ""
    body: tuple[str, ...] | None = None
    query: tuple[str, ...] | None = None
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShapeUse:
    """Fields of a named shape that a document relies on (a `$ref`, a GraphQL selection or argument). `field` "" is the
    shape itself; `given` are the arguments or input fields written there, None when that is not known."""

    shape: str
    field: str
    line: int
    given: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """`type` is in the words of where it stands (`String(40)`, `VARCHAR(40)`), without a module; "" when not known."""

    name: str
    type: str = ""
    nullable: bool = True
    default: str = ""
    references: str = ""
    """`table.column` of a foreign key, or `table` alone."""
    unique: bool = False
    primary: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """A table as a model or a `CREATE TABLE` declares it; `model` is the class, "" for SQL."""

    name: str
    columns: tuple[Column, ...]
    line: int
    model: str = ""


class OperationKind(StrEnum):
    CREATE_TABLE = "create_table"
    DROP_TABLE = "drop_table"
    RENAME_TABLE = "rename_table"
    ADD_COLUMN = "add_column"
    DROP_COLUMN = "drop_column"
    ALTER_COLUMN = "alter_column"
    RENAME_COLUMN = "rename_column"
    CREATE_INDEX = "create_index"
    DROP_INDEX = "drop_index"
    CONSTRAINT = "constraint"
    RUN = "run"
    """Code or raw SQL: what it touches is not known."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Operation:
    """One step of a migration. `becomes` is the new name of a rename; `index` the name of an index or constraint;
    `detail` is its source, normalised."""

    kind: OperationKind
    table: str = ""
    column: str = ""
    becomes: str = ""
    index: str = ""
    columns: tuple[Column, ...] = ()
    detail: str = ""
    line: int = 0


class Framework(StrEnum):
    ALEMBIC = "alembic"
    DJANGO = "django"
    SQL = "sql"
    """Files that are run in the order of the number in their name."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One migration. `id` is Alembic's revision, Django's `app.name`, or the file's name; `parents` are ids of the same
    kind (Alembic may abbreviate them). `operations` are those of going up. `number` is the running number in its name.
    `group` is what one row of numbers belongs to: Django's app, Alembic's folder. `depends` are further ids that must
    have run (another branch or app); they are no parents, since they do not end a head.
    """

    framework: Framework
    id: str
    group: str
    path: str
    parents: tuple[str, ...]
    line: int = 1
    depends: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    number: str = ""
    operations: tuple[Operation, ...] = ()

    @property
    def opaque(self) -> bool:
        """Whether it holds steps that can not be known by reading."""
        return any(step.kind in (OperationKind.RUN, OperationKind.OTHER) for step in self.operations)


@dataclass(frozen=True, slots=True)
class Surface:
    """All that one file promises and relies on. `fault` says why it was not read, "" when it was. `open`: names may be
    there that reading does not show (`from x import *`, a module's `__getattr__`)."""

    path: str
    language: Language = Language.OTHER
    symbols: tuple[Symbol, ...] = ()
    imports: tuple[Import, ...] = ()
    uses: tuple[Use, ...] = ()
    routes: tuple[Route, ...] = ()
    route_uses: tuple[RouteUse, ...] = ()
    shapes: tuple[Shape, ...] = ()
    shape_uses: tuple[ShapeUse, ...] = ()
    tables: tuple[Table, ...] = ()
    migration: Migration | None = None
    undefined: tuple[tuple[str, int], ...] = ()
    """(name, line) of names that the file reads and nothing in it binds."""
    twice: tuple[tuple[str, int], ...] = ()
    """(dotted name, line) of definitions that a later one of the same name in the same place takes away."""
    open: bool = False
    fault: str = ""
    missing: str = field(default="", compare=False)
    """The extra that would be needed to read it; "" when nothing is missing."""
