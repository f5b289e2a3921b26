"""JavaScript and TypeScript callers follow what the other branch renamed or moved: by their imports alone."""

import pytest

from tests.unit.conflict.merged import seen

HOME = (
    "export function place(a: string, b: number): number {\n  return a.length + b;\n}\n"
    "export const LIMIT = 3;\nexport class Cart {\n  total(): number {\n    return 1;\n  }\n}\n"
)
FUNCTION, REST = HOME[: HOME.index("export const")], HOME[HOME.index("export const") :]
BASE = {"src/m.ts": HOME, "src/page.ts": "export const x = 1;\n"}
RENAMED: dict[str, str | None] = {"src/m.ts": HOME.replace("place", "put")}
MOVED: dict[str, str | None] = {"src/m.ts": REST, "src/deep/n.ts": FUNCTION}
GONE: dict[str, str | None] = {"src/m.ts": None, "src/deep/m.ts": HOME}


async def carried(change: dict[str, str | None], caller: str, turned: bool = False) -> str | None:
    """The caller as it follows; None where it is a question."""
    mine: dict[str, str | None] = {"src/page.ts": caller}
    found, files = await seen(BASE, mine if turned else change, change if turned else mine)
    assert found.found
    return files["src/page.ts"] if found.is_settled else None


NAMED = 'import { place } from "./m";\nplace("a", 2);\n'
FOLLOWING = [
    (RENAMED, NAMED, 'import { put as place } from "./m";\nplace("a", 2);\n'),
    (RENAMED, "import { LIMIT, place as p } from './m'\np()\n", "import { LIMIT, put as p } from './m'\np()\n"),
    (RENAMED, 'import * as m from "./m.js";\nm.place(m.LIMIT);\n', 'import * as m from "./m.js";\nm.put(m.LIMIT);\n'),
    (RENAMED, 'const { place } = require("./m");\nplace();\n', 'const { put: place } = require("./m");\nplace();\n'),
    (RENAMED, 'const { place: p } = require("./m");\np();\n', 'const { put: p } = require("./m");\np();\n'),
    (RENAMED, 'const m = require("./m");\nm.place();\n', 'const m = require("./m");\nm.put();\n'),
    (RENAMED, 'export { place } from "./m";\n', 'export { put as place } from "./m";\n'),
    (MOVED, NAMED, 'import { place } from "./deep/n";\nplace("a", 2);\n'),
    (
        MOVED,
        "import { LIMIT, place as p } from './m.js'\r\np('', LIMIT)\r\n",
        "import { LIMIT } from './m.js'\r\nimport { place as p } from './deep/n.js'\r\np('', LIMIT)\r\n",
    ),
    (GONE, NAMED, 'import { place } from "./deep/m";\nplace("a", 2);\n'),
]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("change", "caller", "wanted"), FOLLOWING)
async def test_an_import_follows_and_nothing_else_is_touched(
    change: dict[str, str | None], caller: str, wanted: str, turned: bool
) -> None:
    assert await carried(change, caller, turned) == wanted


HIDDEN: dict[str, str | None] = {"src/m.ts": HOME.replace("export function place", "function put")}
METHOD: dict[str, str | None] = {"src/m.ts": HOME.replace("total()", "sum()")}
UNSURE: dict[str, tuple[dict[str, str | None], str]] = {
    "a shadow": (RENAMED, 'import * as m from "./m";\nm.place("", 1);\nfunction f(m) { return m.place; }\n'),
    "by a string": (RENAMED, 'import * as m from "./m";\nm.place("", 1);\nconst n = m["place"];\n'),
    "a whole module": (MOVED, 'import * as m from "./m";\nm.place("", m.LIMIT);\n'),
    "a method": (
        METHOD,
        'import { Cart } from "./m";\nexport function go() { const c = new Cart(); return c.total(); }\n',
    ),
    "gone": ({"src/m.ts": REST}, NAMED),
    "not exported": (HIDDEN, NAMED),
}


@pytest.mark.parametrize("case", list(UNSURE))
async def test_what_is_not_sure_is_a_question(case: str) -> None:
    assert await carried(*UNSURE[case]) is None
