"""Routes, documents, scripts, tables and numbers of two branches, held against each other."""

import pytest

from tests.unit.conflict.meet import clashes, rules

API = """
from fastapi import APIRouter
from pydantic import BaseModel

router = APIRouter(prefix="/api")


class OrderIn(BaseModel):
    item: str
    count: int = 1


class OrderOut(BaseModel):
    id: int
    item: str


@router.post("/orders")
def create(order: OrderIn) -> OrderOut:
    return save(order)


@router.get("/orders/{order_id}")
def show(order_id: int, full: bool = False) -> OrderOut:
    return load(order_id)
"""
CALL = """
def test_it(client):
    made = client.post("/api/orders", json={"item": "a"}).json()
    seen = client.get(f"/api/orders/{made['id']}")
    assert seen.json()["item"] == "a"
"""
FAST = {"api.py": API, "test_api.py": "X = 1\n"}


def swapped(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('"/orders/{order_id}"', '"/orders/by-id/{order_id}"', ("route-changed", "GET /api/orders/{}")),
        ('@router.post("/orders")', '@router.put("/orders")', ("route-changed", "POST /api/orders")),
        ('prefix="/api"', 'prefix="/v2"', ("route-changed", "POST /api/orders")),
        ("    count: int = 1\n", "    count: int\n", ("request-field", "POST /api/orders")),
        ("    item: str\n    count", "    name: str\n    count", ("request-field", "POST /api/orders")),
        ("    id: int\n    item: str\n", "    id: int\n    name: str\n", ("answer-field", "GET /api/orders/{}")),
    ],
)
async def test_a_new_request_of_a_changed_route_is_found(old: str, new: str, found: tuple[str, str]) -> None:
    told = await rules(FAST, {"api.py": swapped(API, (old, new))}, {"test_api.py": CALL})
    assert (*found, "test_api.py") in told


async def test_a_route_that_only_gains_is_no_clash() -> None:
    gains = swapped(API, ("    count: int = 1\n", "    count: int = 1\n    note: str = ''\n"))
    assert await rules(FAST, {"api.py": gains}, {"test_api.py": CALL}) == []


async def test_the_same_route_in_two_files_is_found() -> None:
    new = "from flask import Blueprint\n\nbp = Blueprint('x', __name__)\n\n\n@bp.route('/{1}')\ndef {0}():\n    pass\n"
    base = {"app.py": "X = 1\n"}
    ours, theirs = {"a.py": new.format("a", "health")}, {"b.py": new.format("b", "health/")}
    assert await rules(base, ours, theirs) == [("route-added-twice", "GET /health", "b.py")]
    assert await rules(base, ours, {"b.py": new.format("b", "ready")}) == []


async def test_flask_and_django_routes_are_asked_by_their_name_too() -> None:
    flask = "@app.route('/orders/<int:id>')\ndef show(id):\n    return {'id': id}\n"
    base = {"app.py": flask, "page.py": "X = 1\n"}
    use = {"page.py": "from flask import url_for\n\nurl_for('show', id=1)\n"}
    gone = {"app.py": "@app.route('/orders/<int:id>')\ndef display(id):\n    return {'id': id}\n"}
    assert [one[0] for one in await rules(base, gone, use)] == ["route-changed"]
    urls = "from django.urls import path\n\nurlpatterns = [path('orders/<int:pk>/', views.show, name='order')]\n"
    moved = urls.replace("orders/", "o/")
    asks = {"tests.py": "def test_it(client):\n    client.get('/orders/3/')\n"}
    assert [one[0] for one in await rules({"urls.py": urls, "x": ""}, {"urls.py": moved}, asks)] == ["route-changed"]


EXPRESS = """
const express = require("express");
const app = express();
app.get("/orders/:id", (req, res) => { res.json({ id: 1, total: 2 }); });
app.post("/orders", (req, res) => { const { item } = req.body; res.json({ id: 1 }); });
module.exports = app;
"""


@pytest.mark.parametrize(
    ("old", "new", "use", "rule"),
    [
        ('"/orders/:id"', '"/order/:id"', 'fetch("/orders/3").then((r) => r.json());\n', "route-gone"),
        (
            "total: 2",
            "sum: 2",
            'const r = await fetch("/orders/3");\nconst d = await r.json();\nlog(d.total);\n',
            "answer-field",
        ),
        ("{ item }", "{ name }", 'axios.post("/orders", { item: 1 });\n', "request-field"),
        (
            'app.post("/orders"',
            'app.put("/orders"',
            'request(app).post("/orders").send({ item: 1 });\n',
            "route-changed",
        ),
    ],
)
async def test_express_routes_and_who_asks_for_them(old: str, new: str, use: str, rule: str) -> None:
    base = {"app.js": EXPRESS, "page.js": "let x = 1;\n"}
    assert [one[0] for one in await rules(base, {"app.js": swapped(EXPRESS, (old, new))}, {"page.js": use})] == [rule]


ORDERS_TS = """
export interface Order { id: number; total: number; note?: string }
export function place(item: string, count: number): Order { return make(item, count); }
export class Cart {
  constructor(private owner: string) {}
  add(order: Order): void { this.items.push(order); }
}
export const LIMIT = 3;
function make(item: string, count: number): Order { return { id: 1, total: count }; }
"""
USE_TS = """
import { place, Cart, LIMIT } from "./orders";
import type { Order } from "./orders";
export function buy(cart: Cart, order: Order) { cart.add(place("a", LIMIT)); return order.total; }
"""


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("place(item: string, count: number)", "place(item: string)", ("call-signature", "place")),
        ("place(item: string, count", "place(count: number, item: string, n", ("call-signature", "place")),
        ("export function place", "export function put", ("symbol-renamed-in-use", "place")),
        ("add(order: Order)", "push(order: Order)", ("symbol-renamed-in-use", "Cart.add")),
        ("total: number;", "sum: number;", ("symbol-renamed-in-use", "Order.total")),
        ("export const LIMIT = 3;\n", "", ("symbol-deleted-in-use", "LIMIT")),
    ],
)
async def test_typescript_exports_and_who_uses_them(old: str, new: str, found: tuple[str, str]) -> None:
    base = {"src/orders.ts": ORDERS_TS, "src/cart.ts": "export const X = 1;\n"}
    told = await rules(base, {"src/orders.ts": swapped(ORDERS_TS, (old, new))}, {"src/cart.ts": USE_TS})
    assert (*found, "src/cart.ts") in told or (found[0].startswith("symbol") and found[1] in {one[1] for one in told})


async def test_typescript_that_only_gains_is_no_clash() -> None:
    base = {"src/orders.ts": ORDERS_TS, "src/cart.ts": "export const X = 1;\n"}
    gains = swapped(ORDERS_TS, ("count: number): Order {", "count: number, note?: string): Order {"))
    assert await rules(base, {"src/orders.ts": gains}, {"src/cart.ts": USE_TS}) == []


OPENAPI = """
openapi: 3.0.0
info: {title: Shop, version: "1"}
paths:
  /orders:
    get:
      operationId: listOrders
      responses: {"200": {description: ok}}
components:
  schemas:
    Order:
      type: object
      required: [id]
      properties:
        id: {type: integer}
        total: {type: number}
"""
NEW_OPERATION = """
  /orders/{id}:
    get:
      operationId: getOrder
      responses:
        "200": {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}}
components:"""


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("        total: {type: number}\n", "        sum: {type: number}\n", ("shape-field-gone", "Order.total")),
        ("total: {type: number}", "total: {type: string}", ("shape-field-retyped", "Order.total")),
        ("required: [id]", "required: [id, total]", ("shape-field-needed", "Order.total")),
    ],
)
async def test_a_new_operation_on_a_changed_schema_is_found(old: str, new: str, found: tuple[str, str]) -> None:
    base = {"openapi.yaml": OPENAPI}
    theirs = {"openapi.yaml": swapped(OPENAPI, ("\ncomponents:", NEW_OPERATION))}
    assert await rules(base, {"openapi.yaml": swapped(OPENAPI, (old, new))}, theirs) == [(*found, "openapi.yaml")]


SCHEMA = "type Query {\n  orders(first: Int): [Order!]!\n}\n\ntype Order {\n  id: ID!\n  total: Int\n}\n"


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("  total: Int\n", "  sum: Int\n", ("shape-field-gone", "Order.total")),
        ("  total: Int\n", "  total: String\n", ("shape-field-retyped", "Order.total")),
        ("orders(first: Int)", "orders(first: Int, shop: ID!)", ("shape-field-needed", "Query.orders().shop")),
        ("orders(first: Int)", "orders(count: Int)", ("shape-field-gone", "Query.orders().first")),
    ],
)
async def test_a_new_graphql_operation_on_a_changed_schema_is_found(old: str, new: str, found: tuple[str, str]) -> None:
    base = {"schema.graphql": SCHEMA, "page.graphql": "query A { orders { id } }\n"}
    use = {"page.graphql": "query A { orders { id } }\nquery B { orders(first: 3) { id total } }\n"}
    assert (*found, "page.graphql") in await rules(base, {"schema.graphql": swapped(SCHEMA, (old, new))}, use)


MODELS = """
from sqlalchemy import Column, ForeignKey, Integer, String
from base import Base


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    name = Column(String(40), nullable=False)
    age = Column(Integer)
"""


async def test_one_table_made_by_both_is_found() -> None:
    new = 'from sqlalchemy import Column\n\n\nclass {0}(Base):\n    __tablename__ = "{1}"\n    id = Column(Integer)\n'
    found = await rules({"x": ""}, {"a.py": new.format("Tag", "tags")}, {"b.py": new.format("Label", "tags")})
    assert found == [("table-created-twice", "tags", "b.py")]


@pytest.mark.parametrize(
    ("old", "new", "use", "found"),
    [
        (
            "    age = Column(Integer)\n",
            "",
            "from models import User\n\n\ndef old(q):\n    return q.filter(User.age > 60)\n",
            "User.age",
        ),
        (
            "    age = Column(Integer)\n",
            "    age = Column(Integer, nullable=False)\n",
            "from models import User\n\nANN = User(name='ann')\n",
            "users.age",
        ),
        (
            '"users"',
            '"people"',
            "class Pet(Base):\n    __tablename__ = 'pets'\n    owner = Column(ForeignKey('users.id'))\n",
            "users",
        ),
    ],
)
async def test_a_column_that_goes_or_is_needed_meets_its_new_use(old: str, new: str, use: str, found: str) -> None:
    base = {"models.py": MODELS, "page.py": "X = 1\n"}
    assert found in {one[1] for one in await rules(base, {"models.py": swapped(MODELS, (old, new))}, {"page.py": use})}


async def test_a_column_changed_apart_is_found_beside_the_text() -> None:
    ours = swapped(MODELS, ("String(40)", "String(20)"))
    theirs = swapped(MODELS, ("String(40)", "String(80)"))
    assert ("column-changed-twice", "users.name", "models.py") in await rules(
        {"models.py": MODELS}, {"models.py": ours}, {"models.py": theirs}
    )


ALEMBIC = 'from alembic import op\n\nrevision = "{0}"\ndown_revision = {1}\n\n\ndef upgrade():\n    {2}\n'


async def test_two_heads_and_what_does_not_go_together_are_found() -> None:
    base = {"m/versions/a.py": ALEMBIC.format("a", "None", "pass")}
    ours = {"m/versions/b.py": ALEMBIC.format("b", '"a"', 'op.drop_column("users", "age")')}
    theirs = {"m/versions/c.py": ALEMBIC.format("c", '"a"', 'op.alter_column("users", "age", nullable=False)')}
    assert await rules(base, ours, theirs) == [
        ("migration-heads", "b c", "m/versions/c.py"),
        ("column-gone-in-use", "users.age", "m/versions/c.py"),
    ]


async def test_a_migration_on_top_of_the_others_is_no_clash() -> None:
    base = {"m/versions/a.py": ALEMBIC.format("a", "None", "pass"), "x.py": "X = 1\n"}
    ours = {"m/versions/b.py": ALEMBIC.format("b", '"a"', 'op.drop_column("users", "age")')}
    assert await rules(base, ours, {"x.py": "X = 2\n"}) == []


async def test_two_sql_migrations_of_one_number_are_found() -> None:
    base = {"db/migrations/0001_a.sql": "CREATE TABLE users (id INT);\n"}
    ours = {"db/migrations/0002_b.sql": "ALTER TABLE users ADD COLUMN age INT;\n"}
    theirs = {"db/migrations/0002_c.sql": "ALTER TABLE users ADD COLUMN age BIGINT;\n"}
    assert await rules(base, ours, theirs) == [
        ("sequence-number-twice", "db/migrations: 2", "db/migrations/0002_c.sql"),
        ("column-added-twice", "users.age", "db/migrations/0002_c.sql"),
    ]


async def test_two_decisions_of_one_number_are_found_where_the_folder_counts() -> None:
    base = {"docs/0001-a.md": "a\n", "docs/0002-b.md": "b\n"}
    found = await rules(base, {"docs/0003-c.md": "c\n"}, {"docs/0003-d.md": "d\n"})
    assert found == [("sequence-number-twice", "docs: 3", "docs/0003-d.md")]
    assert await rules({"x": ""}, {"docs/0003-c.md": "c\n"}, {"docs/0003-d.md": "d\n"}) == []


async def test_what_no_reader_understands_is_no_clash() -> None:
    base = {"a.ts": "const = ;\n", "b.yaml": "openapi: 3.0.0\n  - [", "c.sql": "THIS IS NOT\n", "d.graphql": "type {"}
    ours = {path: text + "\n" for path, text in base.items()}
    assert await clashes(base, ours, {path: "\n" + text for path, text in base.items()}) == []


@pytest.mark.parametrize(
    ("left", "found"),
    [
        ("", ["symbol-moved-in-use"]),
        ("import { place } from './placing.mjs';\n", ["symbol-moved-in-use"]),
        ("import { place } from './placing.mjs';\nexport { place as put };\n", ["symbol-moved-in-use"]),
        ("import { place } from './placing.mjs';\nexport { place };\n", []),
        ("export { place } from './placing.mjs';\n", []),
        ("export * from './placing.mjs';\n", []),
    ],
)
async def test_a_moved_function_that_its_old_file_exports_again_breaks_nobody(left: str, found: list[str]) -> None:
    place, rest = "export function place(a, b) {\n  return [a, b];\n}\n", "export const LIMIT = 1;\n"
    base = {"src/orders.mjs": rest + place, "src/cart.mjs": "// nothing yet\n"}
    use = "import { place } from './orders.mjs';\n\nexport const two = place(1, 2);\n"
    told = await rules(base, {"src/orders.mjs": left + rest, "src/placing.mjs": place}, {"src/cart.mjs": use})
    assert [one for one, _, _ in told] == found
