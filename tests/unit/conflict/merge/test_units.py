"""Definitions as units, and code that one side moved while the other edited it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conflict.merge.across import all_candidates
from conflict.merge.candidates import Candidate, Kind
from conflict.merge.features import OF_THE_CLASH, OF_THE_FILE, about, around
from conflict.merge.lines import split_lines
from conflict.merge.rank import Chosen, weigh
from conflict.merge.spans import Span, spans
from conflict.merge.three import stretches
from conflict.merge.units import HOLE, cut, merged_units
from conflict.merge.veto import veto
from conflict.merge.whole import joined


def merged(base: str, ours: str, theirs: str, path: str, *, reverse: bool = False) -> str:
    sides = [cut(split_lines(text), path) for text in (base, ours, theirs)]
    was, mine, other = sides
    assert was is not None
    assert mine is not None
    assert other is not None
    return "".join(merged_units(was, mine, other, reverse=reverse))


def found(base: str, ours: str, theirs: str, path: str, kind: Kind) -> list[str]:
    """The whole file for each candidate of a kind, the other clashes settled as ours."""
    parts = stretches(*(split_lines(text) for text in (base, ours, theirs)))
    clashes = [part for part in parts if part.merged is None]
    out: list[str] = []
    for number, some in enumerate(all_candidates(parts, path)):
        for one in some:
            if kind in one.kinds:
                taken = [Candidate(clash.ours) for clash in clashes]
                taken[number] = one
                chosen = [
                    Chosen(clash, it.lines, frozenset(), 1.0, 1.0, 1.0, False, (), it.elsewhere)
                    for clash, it in zip(clashes, taken, strict=True)
                ]
                out.append(joined(parts, chosen))
    return out


PYTHON = """\
import os

class Shop:
    rate = 1

    @property
    def total(self):
        return sum(self.items)

    # how it is sent
    def send(self, to):
        parcel = self.pack(to)
        label = f"{to}: {parcel}"
        return self.post(parcel, label)


def close(shop):
    text = '''
def not_one():
'''
    return shop, text
"""


def names(found: tuple[Span, ...] | None) -> list[str]:
    return [name for one in found or () for name in (one.key, *(f"{one.key}.{inner.key}" for inner in one.inner))]


def test_definitions_are_found_with_their_decorators_and_not_in_strings() -> None:
    rows = split_lines(PYTHON)
    assert names(spans(rows, "m.py")) == ["Shop", "Shop.total", "Shop.send", "close"]
    shop = (spans(rows, "m.py") or ())[0]
    assert rows[shop.inner[0].start] == "    @property\n"
    assert rows[shop.end - 1] == "        return self.post(parcel, label)\n"


def test_python_2_and_files_with_a_fault_are_read_too() -> None:
    text = "def f():\n    print 'a', (1\n\ndef g():\n    exec code in {}\n"
    assert names(spans(split_lines(text), "m.py")) == ["f", "g"]


SCRIPT = """\
import a from 'a';

export class Shop {
  total() {
    return 1;
  }
}

export const close = (shop) => {
  const text = 1;
  return shop;
};

describe('a shop', () => {
  it('sells', () => {
    expect(1);
  });
});
"""


@pytest.mark.parametrize("path", ["a.js", "a.ts", "a.tsx"])
def test_classes_functions_and_tests_of_scripts_are_found(path: str) -> None:
    assert names(spans(split_lines(SCRIPT), path)) == [
        "Shop", "Shop.total", "close", "describe 'a shop'", "describe 'a shop'.it 'sells'",
    ]  # fmt: skip


@given(st.text(alphabet="def clas():\n \t#'\"@x{}\\", max_size=120), st.sampled_from(["m.py", "a.js", "a.ts"]))
def test_cutting_a_text_up_loses_no_line_of_it(text: str, path: str) -> None:
    rows = split_lines(text)
    one = cut(rows, path)
    assert one is None or list(one.lines) == rows


def test_what_both_sides_add_is_there_in_either_order_with_blank_lines_between() -> None:
    mine = PYTHON.replace("\n    # how", "\n    def first(self):\n        return 1\n\n    # how")
    other = PYTHON.replace("\n    # how", "\n    def second(self):\n        return 2\n\n    # how")
    both = merged(PYTHON, mine, other, "m.py")
    assert both == PYTHON.replace(
        "\n    # how",
        "\n    def first(self):\n        return 1\n\n    def second(self):\n        return 2\n\n    # how",
    )
    assert merged(PYTHON, mine, other, "m.py", reverse=True).index("second") < both.index("second")
    assert found(PYTHON, mine, other, "m.py", Kind.UNITS) == [both]


def test_a_method_that_one_side_edits_while_the_other_changes_its_neighbours_has_the_edit() -> None:
    mine = SCRIPT.replace("return 1;", "return 2;")
    other = SCRIPT.replace("  total() {", "  before() {\n    return 0;\n  }\n\n  total() {").replace(
        "    return 1;\n  }\n", "    return 1;\n  }\n\n  after() {\n    return 3;\n  }\n"
    )
    both = merged(SCRIPT, mine, other, "a.ts")
    assert both == other.replace("return 1;", "return 2;")


def test_a_definition_that_one_side_renamed_takes_the_edit_of_the_other() -> None:
    mine = PYTHON.replace("def send(self, to)", "def ship(self, to)")
    other = PYTHON.replace("self.pack(to)", "self.pack(to, gift=True)")
    wanted = mine.replace("self.pack(to)", "self.pack(to, gift=True)")
    assert merged(PYTHON, mine, other, "m.py") == wanted
    assert merged(PYTHON, other, mine, "m.py") == wanted


def test_an_edit_of_what_the_other_side_dropped_and_two_edits_of_one_line_are_not_guessed_at() -> None:
    start, end = PYTHON.index("    # how"), PYTHON.index("\n\ndef close")
    dropped = PYTHON[:start].rstrip("\n") + "\n" + PYTHON[end:]
    assert merged(PYTHON, dropped, PYTHON.replace("self.pack(to)", "self.pack(0)"), "m.py").count(HOLE) == 1
    one, two = (PYTHON.replace("sum(self.items)", text) for text in ("max(self.items)", "min(self.items)"))
    assert merged(PYTHON, one, two, "m.py").count(HOLE) == 1
    assert found(PYTHON, one, two, "m.py", Kind.UNITS) == []


def test_the_numbers_of_a_clash_are_where_the_weights_look_for_them() -> None:
    base = "import os\n\n\ndef f(a):\n    return a\n"
    ours, theirs = base.replace("return a", "return a + 1"), base.replace("return a", "return [a]  # one")
    parts = stretches(*(split_lines(text) for text in (base, ours, theirs)))
    (known,) = weigh(parts, "m.py")
    columns = list(zip(*known.rows, strict=True))
    alike = [len(set(column)) == 1 for column in columns]
    assert all(alike[: OF_THE_FILE + OF_THE_CLASH])
    assert not all(alike[OF_THE_FILE + OF_THE_CLASH :][:2])
    first = about(known.clash, around(parts, "m.py"), 0)
    assert first.numbers == known.rows[0][OF_THE_FILE : OF_THE_FILE + OF_THE_CLASH]


NAMES = [f"f{number}" for number in range(8)]
CHANGES = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["edit", "drop", "add"]), max_size=5)


def module(changes: dict[str, str], who: str) -> str:
    out = []
    for name in NAMES:
        what = changes.get(name)
        if what != "drop":
            out.append(f"def {name}():\n    a = 1\n    b = 2\n    return {who if what == 'edit' else 'name'}\n")
        if what == "add":
            out.append(f"def {name}_{who}():\n    return {who!r}\n")
    return "\n\n".join(out)


@given(CHANGES, CHANGES)
def test_what_one_side_does_to_a_definition_alone_holds_and_what_either_adds_is_there(
    mine: dict[str, str], other: dict[str, str]
) -> None:
    mine.pop("f0", None)
    other.pop("f0", None)
    made = merged(module({}, ""), module(mine, "ours"), module(other, "theirs"), "m.py")
    again = names(spans(split_lines(made.replace(HOLE, "")), "m.py"))
    assert len(again) == len(set(again))
    for changes, against, who in ((mine, other, "ours"), (other, mine, "theirs")):
        for name, what in changes.items():
            if what == "add":
                assert f"{name}_{who}" in again
            elif name not in against or against[name] == "add":
                assert (name in again) == (what == "edit")
                if what == "edit":
                    assert f"return {who}\n" in made


def moved(text: str, name: str, indent: str) -> str:
    """`send` out of its class, to the end of the file, under a name."""
    start, end = text.index("    # how"), text.index("\n\ndef close")
    block = "".join(line[4:] for line in text[start:end].splitlines(keepends=True))
    there = "".join(indent + line if line.strip() else line for line in block.splitlines(keepends=True))
    return text[:start].rstrip("\n") + "\n" + text[end:] + "\n\n" + there.replace("def send", f"def {name}")


@pytest.mark.parametrize(("name", "indent"), [("send", "    "), ("send", ""), ("ship", ""), ("ship", "        ")])
def test_an_edit_goes_along_with_code_that_the_other_side_moved_indented_anew_and_renamed(
    name: str, indent: str
) -> None:
    there = moved(PYTHON, name, indent)
    edited = PYTHON.replace("self.pack(to)", "self.pack(to, gift=True)")
    wanted = there.replace("self.pack(to)", "self.pack(to, gift=True)")
    assert found(PYTHON, there, edited, "m.py", Kind.MOVED) == [wanted]
    assert found(PYTHON, edited, there, "m.py", Kind.MOVED) == [wanted]
    assert found(PYTHON, edited, there, "m.txt", Kind.MOVED) == [wanted]


def test_code_that_was_moved_to_two_places_or_changed_there_in_the_same_words_is_left() -> None:
    edited = PYTHON.replace("self.pack(to)", "self.pack(to, gift=True)")
    there = moved(PYTHON, "send", "")
    twice = "def first():\n    pass\n\n\n" + there[there.index("# how") :].replace("send", "more") + "\n\n" + there
    assert found(PYTHON, edited, twice, "m.py", Kind.MOVED) == []
    assert found(PYTHON, edited, there.replace("self.pack(to)", "self.pack(0)"), "m.py", Kind.MOVED) == []


@pytest.mark.parametrize("path", ["a.js", "a.ts"])
def test_a_script_must_parse_where_both_sides_do_and_define_nothing_twice(path: str) -> None:
    judge = veto(path, SCRIPT, SCRIPT)
    assert judge(SCRIPT) == ""
    assert judge(SCRIPT.replace("return shop;", "return shop; else {}")) == "it does not parse"
    assert judge(SCRIPT.replace("'a shop'", "'a shop")) == "it does not parse"
    twice = SCRIPT.replace("  total() {", "  total() {\n    return 0;\n  }\n\n  total() {")
    assert judge(twice) == "it defines Shop.total twice"
    broken = SCRIPT + "}\n"
    assert veto(path, broken, SCRIPT)(broken) == ""
