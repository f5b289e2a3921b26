"""Pairs of branches made up by rule: one changes what it offers, the other newly leans on it. Each says what must be
found, or that nothing may be.

Seeded: the same seed makes the same pairs. Never: a pair whose truth is not known by how it was made.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

Files = dict[str, str]
Edits = dict[str, str | None]

WORDS = [
    "order",
    "price",
    "stock",
    "parcel",
    "refund",
    "basket",
    "ledger",
    "voucher",
    "shelf",
    "batch",
    "courier",
    "tariff",
    "quota",
    "margin",
    "depot",
    "pallet",
    "invoice",
    "rebate",
    "carrier",
    "docket",
    "label",
    "crate",
    "coupon",
    "roster",
    "barcode",
]
KINDS = ("int", "str", "float", "bool", "bytes")


@dataclass(frozen=True)
class Pair:
    """`rules` are those of which one must be told, certain; none: nothing certain may be told."""

    name: str
    base: Files
    ours: Edits
    theirs: Edits
    rules: frozenset[str]


class Names:
    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self._used: set[str] = set()

    def new(self, prefix: str = "") -> str:
        while True:
            name = f"{prefix}{self.rng.choice(WORDS)}_{self.rng.choice(WORDS)}{self.rng.randrange(90)}"
            if name not in self._used:
                self._used.add(name)
                return name

    def cls(self) -> str:
        return "".join(part.title() for part in self.new().split("_"))


# ---------------------------------------------------------------------------------------------------- Python


@dataclass(frozen=True)
class Offer:
    """A Python callable under one of several roofs, and how a new caller on the other branch writes the call."""

    module: str
    head: str
    name: str
    params: tuple[str, ...]
    is_method: bool
    owner: str
    filler: str
    way: int

    def text(self, name: str = "", params: str | None = None, word: str = "def", returns: str = "") -> str:
        given = ", ".join(self.params) if params is None else params
        me = "self, " if self.is_method and given else "self" if self.is_method else ""
        pad = "    " if self.is_method else ""
        used = " or ".join(one.partition("=")[0].partition(":")[0].strip("* ,") or "0" for one in given.split(", "))
        body = f"{pad}    found = [{used or 0}]\n{pad}    return len(found)\n"
        made = f"{pad}{word} {name or self.name}({me}{given}){' -> ' + returns if returns else ''}:\n{body}"
        roof = f"class {self.owner}:\n    kept = 1\n\n" if self.is_method else ""
        return f"{self.head}\n\n{roof}{made}\n\n{self.filler}"

    def caller(self, call: str, name: str = "") -> str:
        """A new function that makes the call `call` (its arguments)."""
        wanted = self.owner if self.is_method else self.name
        target = name or self.name
        ways: list[str]
        go = "    def go(self):\n"
        if self.is_method:
            ways = [
                f"from shop.{self.module} import {wanted}\n\n\ndef go(x: {wanted}):\n    return x.{target}({call})\n",
                f"from shop.{self.module} import {wanted}\n\n\ndef go():\n    x = {wanted}()\n    x.{target}({call})\n",
                f"import shop.{self.module} as m\n\n\ndef go():\n    return m.{wanted}().{target}({call})\n",
                f"from shop import {self.module} as m\n\n\nclass S(m.{wanted}):\n{go}        self.{target}({call})\n",
            ]
        else:
            ways = [
                f"from shop.{self.module} import {target}\n\n\ndef go():\n    return {target}({call})\n",
                f"from shop import {self.module}\n\n\ndef go():\n    return {self.module}.{target}({call})\n",
                f"from shop.{self.module} import {target} as t\n\nFOUND = t({call})\n",
                f"import shop.{self.module}\n\n\ndef go():\n    return shop.{self.module}.{target}({call})\n",
            ]
        return ways[self.way % len(ways)]


def offer(names: Names) -> Offer:
    rng = names.rng
    params = tuple(names.new() for _ in range(rng.randrange(2, 5)))
    filler = "".join(
        f"def {names.new()}(x):\n    y = x + {n}\n    return y * {n}\n\n\n" for n in range(rng.randrange(1, 4))
    )
    is_method = rng.random() < 0.5
    return Offer(names.new(), "import json", names.new(), params, is_method, names.cls(), filler, rng.randrange(4))


def python_pairs(rng: Random) -> Iterator[Pair]:
    names = Names(rng)
    one = offer(names)
    placed = ", ".join(str(n) for n in range(len(one.params)))
    named = ", ".join(f"{p}={n}" for n, p in enumerate(one.params))
    extra, other = names.new(), names.new()
    typed = [f"{p}: {rng.choice(KINDS)}" for p in one.params]
    swapped = [*one.params[1:], one.params[0]]
    free = [*one.params[:-1], f"{one.params[-1]}=None"]
    short = ", ".join(str(n) for n in range(len(one.params) - 1))
    base = one.text()

    def pair(kind: str, ours: Edits | str, call: str, *rules: str, start: str = base, caller: str = "") -> Pair:
        path = f"shop/{one.module}.py"
        edits: Edits = {path: ours} if isinstance(ours, str) else ours
        files = {"shop/__init__.py": "", path: start, "shop/page.py": "X = 1\n"}
        return Pair(f"python {kind}", files, edits, {"shop/page.py": caller or one.caller(call)}, frozenset(rules))

    path = f"shop/{one.module}.py"
    gone = base.replace(one.text().split("\n\n", 1)[1].split(f"\n\n{one.filler}")[0], "")
    yield pair("renamed", one.text(other), placed, "symbol-renamed-in-use")
    yield pair("deleted", gone, placed, "symbol-deleted-in-use")
    yield pair(
        "moved", {path: gone, f"shop/{other}.py": one.text().replace(one.filler, "")}, placed, "symbol-moved-in-use"
    )
    yield pair("module gone", {path: None}, placed, "symbol-deleted-in-use", "module-deleted-in-use")
    yield pair("parameter added", one.text(params=", ".join([*one.params, extra])), placed, "call-signature")
    yield pair("parameter taken", one.text(params=", ".join(one.params[:-1])), placed, "call-signature")
    yield pair("parameter renamed", one.text(params=", ".join([*one.params[:-1], extra])), named, "call-signature")
    yield pair("parameters moved", one.text(params=", ".join(swapped)), placed, "parameters-reordered")
    yield pair("by name only", one.text(params=", ".join(["*", *one.params])), placed, "call-signature")
    yield pair("made async", one.text(word="async def"), placed, "call-awaited")
    yield pair("default taken", base, short, "call-signature", start=one.text(params=", ".join(free)))
    yield pair("answer", one.text(returns="list[str]"), placed, "return-changed", start=one.text(returns="int"))
    retyped = [typed[0].replace(typed[0].partition(": ")[2], "bytearray"), *typed[1:]]
    was = one.text(params=", ".join(typed))
    yield pair("parameter type", one.text(params=", ".join(retyped)), placed, "parameter-type", start=was)
    # And what breaks nobody.
    yield pair("optional parameter", one.text(params=", ".join([*one.params, f"{extra}=None"])), placed)
    yield pair("body", base.replace("len(found)", "sum(found)"), placed)
    yield pair("renamed parameter, by place", one.text(params=", ".join([*one.params[:-1], extra])), placed)
    yield pair("moved parameters, by name", one.text(params=", ".join(swapped)), named)
    yield pair("more functions", base + f"\n\ndef {other}():\n    return 3\n", placed)
    yield pair("star", one.text(params=", ".join([*one.params, "*rest"])), placed)
    yield pair("annotations", one.text(params=", ".join(typed), returns="int"), placed)
    yield pair("layout", base.replace("\n    return", "\n\n    # how many\n    return"), placed)
    yield pair("wider answer", one.text(returns="int"), placed, start=one.text(returns="int | None"))
    yield pair("another name", one.text(other), placed, caller=f"def {one.name}():\n    return 1\n\n\n{one.name}()\n")
    yield pair("local name", one.text(other), placed, caller=f"def go({one.name}):\n    return {one.name}(1)\n")
    yield pair(
        "docstring",
        base.replace("    found =", '    "Says."\n    found =', 1) if not one.is_method else base + "\n",
        placed,
    )
    yield pair("default", one.text(params=", ".join(free)), placed)


def class_pairs(rng: Random) -> Iterator[Pair]:
    names = Names(rng)
    name, module = names.cls(), names.new()
    fields = [names.new() for _ in range(3)]
    extra, member = names.new(), names.new()
    kinds = [rng.choice(KINDS) for _ in fields]
    head = (
        "from dataclasses import dataclass\n\n\n@dataclass\n"
        if rng.random() < 0.5
        else "from pydantic import BaseModel\n\n\n"
    )
    roof = f"class {name}:\n" if "dataclass" in head else f"class {name}(BaseModel):\n"
    rows = [f"    {f}: {k}\n" for f, k in zip(fields, kinds, strict=True)]
    base = head + roof + "".join(rows)
    given = ", ".join(f"{f}=1" for f in fields)
    use = f"from shop.{module} import {name}\n\nMADE = {name}({given})\n"
    read = f"from shop.{module} import {name}\n\n\ndef show(x: {name}):\n    return x.{fields[0]}\n"
    enum = f"from enum import Enum\n\n\nclass {name}(Enum):\n    {fields[0]} = 1\n    {fields[1]} = 2\n"
    pick = f"from shop.{module} import {name}\n\nPICK = {name}.{fields[0]}\n"
    abstract = f"\n    def {member}(self):\n        raise NotImplementedError(1)\n"

    def pair(kind: str, ours: str, theirs: str, *rules: str, start: str = base) -> Pair:
        files = {"shop/__init__.py": "", f"shop/{module}.py": start, "shop/page.py": "X = 1\n"}
        return Pair(f"class {kind}", files, {f"shop/{module}.py": ours}, {"shop/page.py": theirs}, frozenset(rules))

    member_gone = ("symbol-deleted-in-use", "symbol-renamed-in-use")
    yield pair("field taken", base.replace(rows[2], ""), use, "call-signature", "field-gone")
    yield pair("field renamed", base.replace(fields[1], extra), use, "call-signature", "field-gone")
    yield pair("field needed", base + f"    {extra}: int\n", use, "call-signature")
    yield pair("field read", base.replace(fields[0], extra), read, *member_gone)
    yield pair("member of an enum", enum.replace(fields[0], extra), pick, *member_gone, start=enum)
    yield pair("class renamed", base.replace(f"class {name}", f"class {extra}"), use, *member_gone)
    derived = f"from shop.{module} import {name}\n\n\nclass Sub({name}):\n    pass\n"
    plain = f"from abc import ABC, abstractmethod\n\n\nclass {name}(ABC):\n    kept = 1\n"
    demanding = plain + "\n    @abstractmethod" + abstract
    yield pair("abstract method", demanding, derived, "abstract-added", start=plain)
    over = derived.replace("    pass\n", f"    def {member}(self):\n        return 4\n")
    yield pair(
        "override",
        (plain + abstract).replace("(self)", f"(self, {extra})"),
        over,
        "override-signature",
        start=plain + abstract,
    )
    yield pair("optional field", base + f"    {extra}: int = 0\n", use)
    yield pair("another member", enum + f"    {extra} = 9\n", pick, start=enum)
    yield pair("method", base + f"\n    def {extra}(self):\n        return 1\n", read)
    yield pair("abstract method answered", demanding, over, start=plain)
    yield pair("constant", base + f"\n\n{extra.upper()} = 3\n", use)


# ---------------------------------------------------------------------------------------------------- routes


def route_pairs(rng: Random) -> Iterator[Pair]:
    names = Names(rng)
    noun, other, model, out = names.new(), names.new(), names.cls(), names.cls()
    first, second, third = names.new(), names.new(), names.new()
    fast = rng.random() < 0.6
    if fast:
        base = (
            "from fastapi import APIRouter\nfrom pydantic import BaseModel\n\nrouter = APIRouter()\n\n\n"
            f"class {model}(BaseModel):\n    {first}: str\n    {second}: int = 1\n\n\n"
            f"class {out}(BaseModel):\n    id: int\n    {first}: str\n\n\n"
            f'@router.post("/{noun}")\ndef make(body: {model}) -> {out}:\n    return save(body)\n\n\n'
            f'@router.get("/{noun}/{{item}}")\ndef show(item: int, page: int = 1) -> {out}:\n    return load(item)\n'
        )
        renamed = base.replace(f"    {first}: str\n    {second}", f"    {third}: str\n    {second}")
        unread = base.replace(f"    id: int\n    {first}: str\n", f"    id: int\n    {third}: str\n")
        needed = base.replace(f"{second}: int = 1", f"{second}: int")
        gains = base.replace(f"{second}: int = 1\n", f"{second}: int = 1\n    {third}: int = 2\n")
        query = base.replace("page: int = 1", "page: int = 1, size: int = 9")
        asked = base.replace("page: int = 1", "page: int")
    else:
        base = (
            "from flask import Flask, jsonify, request\n\napp = Flask(__name__)\n\n\n"
            f'@app.route("/{noun}", methods=["POST"])\ndef make():\n    data = request.get_json()\n'
            f'    save(data["{first}"], data.get("{second}"))\n    return jsonify(id=1)\n\n\n'
            f'@app.route("/{noun}/<int:item>")\ndef show(item):\n    page = request.args.get("page")\n'
            f'    return jsonify({{"id": item, "{first}": page}})\n'
        )
        renamed = base.replace(f'data["{first}"]', f'data["{third}"]')
        unread = base.replace(f'"id": item, "{first}"', f'"id": item, "{third}"')
        needed = base.replace(f'data.get("{second}")', f'data["{second}"]')
        gains = base.replace(f'data.get("{second}")', f'data.get("{second}"), data.get("{third}")')
        query = base.replace('request.args.get("page")', 'request.args.get("page", request.args.get("size"))')
        asked = base.replace('request.args.get("page")', 'request.args["page"]')
    way = rng.choice(("client", "self.client", "httpx", "api_client"))
    host = "http://localhost:80" if way == "httpx" else ""
    top = "def test_it(self, client, api_client):\n"
    post = f'{top}    got = {way}.post("{host}/{noun}", json={{"{first}": "a"}})\n    assert got\n'
    get = f'{top}    got = {way}.get(f"{host}/{noun}/{{1}}")\n    assert got.json()["{first}"]\n'
    page = get.replace("/{1}", "/{1}?other=2")

    def pair(kind: str, ours: str, theirs: str, *rules: str) -> Pair:
        files = {"api.py": base, "test_api.py": "X = 1\n"}
        edits: Edits = {"api.py": ours}
        return Pair(f"{'fastapi' if fast else 'flask'} {kind}", files, edits, {"test_api.py": theirs}, frozenset(rules))

    yield pair("path", base.replace(f'"/{noun}"', f'"/{other}"'), post, "route-changed", "route-gone")
    yield pair("path with a part", base.replace(f'"/{noun}/', f'"/{other}/'), get, "route-changed", "route-gone")
    yield pair("gone", base[: base.rindex("@")], get, "route-gone", "route-changed")
    put = base.replace("router.post", "router.put").replace('["POST"]', '["PUT"]')
    yield pair("method", put, post, "route-changed", "route-gone")
    yield pair("field renamed", renamed, post, "request-field")
    yield pair("field needed", needed, post, "request-field")
    yield pair("answer", unread, get, "answer-field")
    yield pair("query", asked, page, "query-field")
    more = base + base[base.rindex("@") :].replace(noun, other).replace("def show", "def more")
    yield pair("more routes", more, get)
    yield pair("optional field", gains, post)
    yield pair("optional query", query, get)
    yield pair("body", base.replace("save(", "keep("), post)
    yield pair("unasked path", base.replace(f'"/{noun}/', f'"/{other}/'), post)
    yield pair("a route of another name", base.replace(f'"/{noun}"', f'"/{other}"'), post.replace(noun, third))
    twice = f'@app.get("/{other}")\ndef extra():\n    return {{}}\n'
    yield Pair(
        "route twice",
        {"x": ""},
        {"a.py": twice},
        {"b.py": twice.replace("extra", "again")},
        frozenset({"route-added-twice"}),
    )
    yield Pair("two routes", {"x": ""}, {"a.py": twice}, {"b.py": twice.replace(other, third)}, frozenset())


# ---------------------------------------------------------------------------------------------------- schema


def schema_pairs(rng: Random) -> Iterator[Pair]:
    names = Names(rng)
    table, model, first, second, third = names.new(), names.cls(), names.new(), names.new(), names.new()
    ids = [f"{rng.randrange(16**12):012x}" for _ in range(3)]
    folder = rng.choice(("migrations/versions", "db/alembic/versions"))

    def revision(id_: str, parent: str, step: str) -> Files:
        text = (
            f"from alembic import op\nimport sqlalchemy as sa\n\nrevision = '{id_}'\ndown_revision = {parent!r}\n\n\n"
        )
        return {f"{folder}/{id_}_x.py": f"{text}def upgrade():\n    {step}\n"}

    def meet(kind: str, mine: str, other: str, *rules: str) -> Pair:
        root = revision(ids[0], "", "pass")
        root = {path: text.replace("down_revision = ''", "down_revision = None") for path, text in root.items()}
        sides = [revision(one, ids[0], step) for one, step in ((ids[1], mine), (ids[2], other))]
        return Pair(f"alembic {kind}", root, dict(sides[0]), dict(sides[1]), frozenset(rules))

    col = f'op.add_column("{table}", sa.Column("{first}", sa.Integer()))'
    yield meet("heads", col, col.replace(first, second), "migration-heads")
    yield meet("column twice", col, col.replace("Integer", "Text"), "column-added-twice")
    drop = f'op.drop_column("{table}", "{first}")'
    alter = f'op.alter_column("{table}", "{first}", nullable=False)'
    yield meet("drop and alter", drop, alter, "column-gone-in-use")
    yield meet("table dropped", f'op.drop_table("{table}")', col, "table-gone-in-use")
    new = f'op.create_table("{table}", sa.Column("id", sa.Integer()))'
    yield meet("table twice", new, new.replace("Integer", "Text"), "table-created-twice")
    rename = f'op.alter_column("{table}", "{first}", new_column_name="{third}")'
    yield meet("renamed and altered", rename, alter, "column-gone-in-use")
    yield meet("changed twice", alter, alter.replace("nullable=False", "type_=sa.Text()"), "column-changed-twice")

    django = rng.random() < 0.5
    if django:
        base = f"from django.db import models\n\n\nclass {model}(models.Model):\n"
        base += f"    {first} = models.IntegerField(null=True)\n"
        base += f"    {second} = models.IntegerField()\n"
        query = f"{model}.objects.filter({first}=1)"
        needed = base.replace("(null=True)", "()")
        path = "shop/models.py"
    else:
        base = f'from sqlalchemy import Column, Integer\n\n\nclass {model}(Base):\n    __tablename__ = "{table}"\n'
        base += f"    id = Column(Integer, primary_key=True)\n    {first} = Column(Integer)\n"
        base += f"    {second} = Column(Integer)\n"
        query = f"select({model}.{first})"
        needed = base.replace(f"{first} = Column(Integer)", f"{first} = Column(Integer, nullable=False)")
        path = "shop/tables.py"
    module = path.removesuffix(".py").replace("/", ".")
    use = f"from {module} import {model}\n\n\ndef ask():\n    return {query}\n"
    make = f"from {module} import {model}\n\n\ndef put():\n    return {model}({second}=1)\n"

    def lean(kind: str, ours: str, theirs: str, *rules: str) -> Pair:
        files = {"shop/__init__.py": "", path: base, "shop/page.py": "X = 1\n"}
        return Pair(
            f"{'django' if django else 'sqlalchemy'} {kind}",
            files,
            {path: ours},
            {"shop/page.py": theirs},
            frozenset(rules),
        )

    lines = base.splitlines(keepends=True)
    without = "".join(one for one in lines if not one.startswith(f"    {first} "))
    gone = ("column-gone-in-use", "column-deleted-in-use", "column-renamed-in-use")
    yield lean("column dropped", without, use, *gone)
    yield lean("column renamed", base.replace(f"    {first} ", f"    {third} "), use, *gone)
    yield lean("column needed", needed, make, "column-needed")
    kind = "models.IntegerField(null=True)" if django else "Column(Integer)"
    yield lean("column added", base + f"    {third} = {kind}\n", use)
    yield lean("other column dropped", without, make)
    yield lean("method added", base + f"\n    def {third}(self):\n        return 1\n", make)


# ------------------------------------------------------------------------------------------------- documents


def document_pairs(rng: Random) -> Iterator[Pair]:
    names = Names(rng)
    model, first, second, third = names.cls(), names.new(), names.new(), names.new()
    base = (
        'openapi: 3.0.3\ninfo: {title: T, version: "1"}\npaths:\n'
        '  /health:\n    get:\n      responses: {"200": {description: ok}}\n'
        f"components:\n  schemas:\n    {model}:\n      type: object\n      required: [{first}]\n      properties:\n"
        f"        {first}: {{type: integer}}\n        {second}: {{type: string}}\n"
    )
    ref = f'{{application/json: {{schema: {{$ref: "#/components/schemas/{model}"}}}}}}'
    more = f'  /{third}:\n    get:\n      responses: {{"200": {{description: ok, content: {ref}}}}}\ncomponents:\n'
    theirs: Edits = {"openapi.yaml": base.replace("components:\n", more, 1)}

    def pair(kind: str, ours: str, *rules: str) -> Pair:
        return Pair(f"openapi {kind}", {"openapi.yaml": base}, {"openapi.yaml": ours}, theirs, frozenset(rules))

    row = f"        {second}: {{type: string}}\n"
    yield pair("field gone", base.replace(row, ""), "shape-field-gone")
    yield pair("field renamed", base.replace(f"  {second}:", f"  {second}x:"), "shape-field-gone")
    yield pair("field type", base.replace(row, row.replace("string", "boolean")), "shape-field-retyped")
    yield pair("field needed", base.replace(f"[{first}]", f"[{first}, {second}]"), "shape-field-needed")
    yield pair("schema gone", base.replace(f"    {model}:", f"    {model}New:"), "shape-gone")
    yield pair("field added", base + f"        {third}: {{type: string}}\n")
    yield pair("title", base.replace("title: T", "title: Shop"))

    schema = f"type Query {{\n  {first}(n: Int): [{model}!]!\n}}\n\ntype {model} {{\n  id: ID!\n  {second}: Int\n}}\n"
    ask: Edits = {"page.graphql": f"query A {{ {first}(n: 3) {{ id {second} }} }}\n"}

    def ql(kind: str, ours: str, *rules: str) -> Pair:
        files = {"schema.graphql": schema, "page.graphql": "query Z { other { id } }\n"}
        return Pair(f"graphql {kind}", files, {"schema.graphql": ours}, ask, frozenset(rules))

    yield ql("field gone", schema.replace(f"  {second}: Int\n", ""), "shape-field-gone")
    yield ql("field type", schema.replace(f"{second}: Int", f"{second}: String"), "shape-field-retyped")
    yield ql("argument needed", schema.replace("(n: Int)", f"(n: Int, {third}: ID!)"), "shape-field-needed")
    yield ql("argument gone", schema.replace("(n: Int)", ""), "shape-field-gone", "shape-gone")
    yield ql("field added", schema.replace(f"  {second}: Int\n", f"  {second}: Int\n  {third}: Int\n"))
    yield ql("argument added", schema.replace("(n: Int)", f"(n: Int, {third}: ID)"))


# -------------------------------------------------------------------------------------------------- scripts


def script_pairs(rng: Random) -> Iterator[Pair]:
    names = Names(rng)
    module, fun, cls, method = names.new(), names.new(), names.cls(), names.new()
    field, const, extra, noun = names.new(), names.new().upper(), names.new(), names.new()
    base = (
        f"export interface I{cls} {{ id: number; {field}: number }}\n"
        f"export function {fun}(a: string, b: number): number {{\n  return a.length + b;\n}}\n"
        f"export class {cls} {{\n  {method}(a: string): number {{\n    return a.length;\n  }}\n}}\n"
        f"export const {const} = {rng.randrange(99)};\n"
    )
    head = f'import {{ {fun}, {cls}, {const} }} from "./{module}";\nimport type {{ I{cls} }} from "./{module}";\n'
    call = head + f"export const one = {fun}('a', {const});\n"
    on = head + f"export function go(x: {cls}) {{ return x.{method}('a'); }}\n"
    new = head + f"export function go() {{ const x = new {cls}(); return x.{method}('a'); }}\n"
    read = head + f"export function go(x: I{cls}) {{ return x.{field}; }}\n"

    def pair(kind: str, ours: str, theirs: str, *rules: str) -> Pair:
        files = {f"src/{module}.ts": base, "src/page.ts": "export const x = 1;\n"}
        return Pair(f"typescript {kind}", files, {f"src/{module}.ts": ours}, {"src/page.ts": theirs}, frozenset(rules))

    gone = ("symbol-renamed-in-use", "symbol-deleted-in-use")
    yield pair("renamed", base.replace(fun, extra), call, *gone)
    yield pair("constant gone", base[: base.index("export const")], call, *gone)
    yield pair("parameter added", base.replace("b: number", "b: number, c: number"), call, "call-signature")
    yield pair("parameter taken", base.replace(", b: number", "").replace("+ b", ""), call, "call-signature")
    yield pair("method renamed", base.replace(method, extra), rng.choice((on, new)), *gone)
    yield pair(
        "method takes more",
        base.replace(f"{method}(a: string)", f"{method}(a: string, b: number)"),
        on,
        "call-signature",
    )
    yield pair("field renamed", base.replace(field, extra), read, *gone)
    yield pair("optional parameter", base.replace("b: number", "b: number, c?: number"), call)
    yield pair("default", base.replace("b: number", "b: number, c = 3"), call)
    yield pair("more", base + f"export function {extra}() {{}}\n", call)
    yield pair("body", base.replace("a.length + b", "b + a.length"), call)
    app = f'const app = express();\napp.get("/{noun}/:id", (req, res) => {{ res.json({{ id: 1, {field}: 2 }}); }});\n'
    ask = f'const r = await fetch("/{noun}/3");\nconst d = await r.json();\nshow(d.{field});\n'

    def web(kind: str, ours: str, *rules: str) -> Pair:
        return Pair(
            f"express {kind}", {"app.js": app, "page.js": "x;\n"}, {"app.js": ours}, {"page.js": ask}, frozenset(rules)
        )

    yield web("path", app.replace(noun, extra), "route-gone", "route-changed")
    yield web("method", app.replace("app.get", "app.post"), "route-gone", "route-changed")
    yield web("answer", app.replace(f"{field}: 2", f"{extra}: 2"), "answer-field")
    yield web("more", app + f'app.get("/{extra}", (req, res) => {{ res.json({{}}); }});\n')


MAKERS: tuple[Callable[[Random], Iterator[Pair]], ...] = (
    python_pairs,
    class_pairs,
    route_pairs,
    schema_pairs,
    document_pairs,
    script_pairs,
)


def planted(seed: int, rounds: int) -> Iterator[Pair]:
    """`rounds` times everything that can be planted, each time with other names and ways."""
    rng = Random(seed)
    for _ in range(rounds):
        for maker in MAKERS:
            yield from maker(rng)
