"""Which files are read, by what, and what is said of the others."""

from conflict.surface.cache import Surfaces
from conflict.surface.nouns import Language, SymbolKind
from conflict.surface.read import _missing, is_read, read


def test_each_file_goes_to_the_reader_of_its_kind() -> None:
    assert [is_read(path) for path in ("a.py", "b.tsx", "c.sql", "d.graphql", "e.yaml")] == [True] * 5
    assert [is_read(path) for path in ("a.md", "package.json", "x", "y.rs")] == [False] * 4
    assert read("a.md", b"# a").language is Language.OTHER
    assert read("deploy.yaml", b"kind: Service\n").routes == ()


def test_without_its_library_a_file_is_not_read_and_the_extra_is_named() -> None:
    surface = _missing("a.ts", Language.TYPESCRIPT, "no_such_library")
    assert surface is not None
    assert (surface.fault, surface.missing) == ("the extra merge is not installed", "merge")
    assert _missing("a.ts", Language.TYPESCRIPT, "ast") is None


def test_what_can_not_be_read_says_why_and_never_raises() -> None:
    for path, data in (
        ("a.py", b"def ("),
        ("a.py", b"x = 1\0"),
        ("a.py", "x = 'é'".encode("utf-16")),
        ("a.py", b"(" * 5000),
        ("a.py", b"x = 1\n" * 400_000),
        ("a.ts", b"const = {"),
        ("a.js", b"\0"),
        ("a.graphql", b"type {"),
        ("a.yaml", b"openapi: 3.0.0\n\t- ["),
    ):
        assert read(path, data).fault, path


def test_latin_and_marked_sources_are_read() -> None:
    assert read("a.py", "# -*- coding: latin-1 -*-\nname = 'é'\n".encode("latin-1")).symbols[0].name == "name"
    assert read("a.py", b"\xef\xbb\xbfname = 1\r\nother = 2\r\n").symbols[1].line == 2


def test_symbols_say_what_a_caller_may_write() -> None:
    text = b"""
class Order:
    limit: int = 3

    def __init__(self, item, *, count=1):
        self.item = item

    @staticmethod
    def of(text, /): ...

    @property
    def total(self) -> int: ...

async def place(order: Order, *rest, **more) -> Order: ...
"""
    found = {one.name: one for one in read("shop.py", text).symbols}
    assert [one.name for one in found["Order"].signature.params if found["Order"].signature] == ["item", "count"]  # type: ignore[union-attr]
    assert found["Order.total"].kind is SymbolKind.PROPERTY
    assert {"Order.limit", "Order.item", "Order.of", "place"} <= found.keys()
    place = found["place"].signature
    assert place is not None
    assert place.awaited is True
    assert [one.kind for one in place.params] == ["either", "rest", "named_rest"]


def test_layout_and_comments_change_no_digest() -> None:
    one = read("a.py", b"def f(a,b):\n    return a+b\n").symbols[0]
    two = read("a.py", b"def f(a, b):\n\n    # the sum\n    return a + b\n").symbols[0]
    three = read("a.py", b"def f(a, b):\n    return a - b\n").symbols[0]
    assert one.digest == two.digest != three.digest


def test_a_surface_is_read_once_for_one_content() -> None:
    surfaces = Surfaces(kept=1)
    first = surfaces.learn("a.py", "1", b"x = 1\n")
    assert surfaces.known("a.py", "1") is first
    assert surfaces.known("a.py", "2") is None
    surfaces.learn("b.py", "1", b"x = 1\n")
    assert surfaces.known("a.py", "1") is None
