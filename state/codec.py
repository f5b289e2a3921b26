"""Events and intents to JSON text and back, by the shape of their classes.

Every stored event carries the version it was written with; `decode` lifts older ones through the upcasters and refuses
newer ones. Never: a second place that knows how a value looks in JSON.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import TypeVar, Union, get_args, get_origin, get_type_hints

from state import events
from state.intents import Intent
from state.ports import NewerLog, StoreError

SCHEMA_VERSION = 1

T = TypeVar("T")
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Upcaster = Callable[[str, dict[str, Json]], dict[str, Json]]

UPCASTERS: dict[int, Upcaster] = {}
"""From a version to the next: (event name, data) -> data."""

EVENT_TYPES: dict[str, type] = {cls.__name__: cls for cls in get_args(events.Event)}
INTENT_TYPES: dict[str, type] = {cls.__name__: cls for cls in get_args(Intent)}
_TAGGED = frozenset(INTENT_TYPES.values())


@cache
def _field_names(cls: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(cls))


Writer = Callable[[object], str]


class _Writers(dict[type, Writer]):
    """Functions from a value to its JSON text, by its class; made once a class. The text is what the `json` module
    writes, at a quarter of its cost: every event of every run goes through here."""

    def __missing__(self, cls: type) -> Writer:
        if is_dataclass(cls):
            writer = _object_writer(cls)
        elif issubclass(cls, str):
            writer = _json
        else:
            raise TypeError(f"{cls.__name__} has no shape in JSON")
        self[cls] = writer
        return writer


def _object_writer(cls: type) -> Writer:
    """One expression for all the fields: what their annotations say of them need not be asked of each value."""
    hints = get_type_hints(cls)
    places = [f'"{name}":{{{_written(hints[name], f"value.{name}")}}}' for name in _field_names(cls)]
    if cls in _TAGGED:
        places.append(f'"kind":"{cls.__name__}"')
    inner = ",".join(places)
    writer: Writer = eval(f"lambda value: f'{{{{{inner}}}}}'", {"text": _escaped, "any": _text, "row": _row})
    return writer


def _written(hint: object, value: str) -> str:
    """The expression that writes a value of this type."""
    hint = getattr(hint, "__supertype__", hint)
    if isinstance(hint, type) and issubclass(hint, str):
        return f"text({value})"
    if hint is bool:
        return f'"true" if {value} else "false"'
    args = get_args(hint)
    if len(args) == 2 and args[1] is NoneType:
        return f'"null" if {value} is None else {_written(args[0], value)}'
    if get_origin(hint) is tuple and len(args) == 2 and args[1] is Ellipsis:
        one = _written(args[0], "one")
        every = f"map(text, {value})" if one == "text(one)" else f"[{one} for one in {value}]"
        return f'row({every}) if {value} else "[]"'
    return f"any({value})"


def _row(texts: Iterable[str]) -> str:
    return f"[{','.join(texts)}]"


def _list_writer(values: object) -> str:
    return _row([_text(one) for one in values])  # type: ignore[attr-defined]  # chosen for its class


_json = json.JSONEncoder(ensure_ascii=False).encode
_escaped: Writer = getattr(json.encoder, "encode_basestring", _json)

_WRITERS = _Writers(
    {
        str: _escaped,
        int: str,
        float: _json,
        bool: lambda value: "true" if value else "false",
        NoneType: lambda _: "null",
        tuple: _list_writer,
        list: _list_writer,
    }
)


def _text(value: object) -> str:
    return _WRITERS[type(value)](value)


def encode(value: object) -> str:
    """A frozen value of this house as one line of JSON (UTF-8 text; lone surrogates of odd file names as escapes)."""
    text = _WRITERS[type(value)](value)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(json.loads(text), separators=(",", ":"))
    return text


def name_of(event: events.Event) -> str:
    """The event's type as it stands in logs, feeds and documents."""
    return type(event).__name__


def decode(name: str, version: int, data: str) -> events.Event:
    """The event that `encode` wrote as `data` under `version`. `NewerLog` or `StoreError` when that can not be."""
    if version > SCHEMA_VERSION:
        raise NewerLog(
            f"the log holds {name} of version {version}; this Tianting reads up to {SCHEMA_VERSION}: update it"
        )
    cls = EVENT_TYPES.get(name)
    if cls is None:
        raise StoreError(f"the log holds an event {name!r} that this version does not know")
    try:
        raw = json.loads(data)
        for step in range(version, SCHEMA_VERSION):
            raw = UPCASTERS[step](name, raw)
        built = _reader(cls)(raw)
    except (ValueError, TypeError, KeyError) as error:
        raise StoreError(f"an event {name} in the log can not be read: {error!r}") from error
    return built  # type: ignore[return-value]


def decode_intent(data: str) -> Intent:
    """The intent that `encode` wrote; ValueError when it is none."""
    return intent_from(json.loads(data))


def intent_from(raw: Json) -> Intent:
    """An intent from its JSON object with `kind`; ValueError in one sentence when it is not one."""
    if not isinstance(raw, dict) or raw.get("kind") not in INTENT_TYPES:
        raise ValueError(f"an intent is an object whose kind is one of {', '.join(INTENT_TYPES)}")
    kind = str(raw["kind"])
    names = _field_names(INTENT_TYPES[kind])
    unknown = sorted(set(raw) - set(names) - {"kind"})
    if unknown:
        raise ValueError(f"{kind} has no {', '.join(unknown)}; it takes {', '.join(names) or 'nothing more'}")
    try:
        return _reader(INTENT_TYPES[kind])(raw)  # type: ignore[return-value]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{kind} takes {', '.join(names) or 'nothing more'}: {error}") from error


def decode_as(cls: type[T], text: str | bytes) -> T:
    """A frozen value of this house from what `encode` made of it; ValueError or TypeError when it is none."""
    hint: object = cls
    found = _reader(hint)(json.loads(text))
    assert isinstance(found, cls)
    return found


Reader = Callable[[Json], object]


@cache
def _reader(hint: object) -> Reader:
    """A function that builds a value of this type from plain JSON; made once a type."""
    supertype = getattr(hint, "__supertype__", None)
    if supertype is not None:
        return _reader(supertype)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    if isinstance(hint, type) and is_dataclass(hint):
        return _dataclass_reader(hint)
    if get_origin(hint) is tuple:
        return _tuple_reader(get_args(hint))
    if isinstance(hint, UnionType) or get_origin(hint) is Union:
        return _union_reader(get_args(hint))
    if hint in (str, int, bool):
        return _exact_reader(hint)
    if hint is float:
        return _float_reader
    raise TypeError(f"{hint!r} has no shape in JSON")


def _exact_reader(kind: type) -> Reader:
    def read(raw: Json) -> object:
        if type(raw) is not kind:
            raise TypeError(f"expected {kind.__name__}, found {raw!r:.60}")
        return raw

    return read


def _float_reader(raw: Json) -> object:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise TypeError(f"expected a number, found {raw!r:.60}")
    return float(raw)


def _dataclass_reader(cls: type) -> Reader:
    hints = get_type_hints(cls)
    readers = [(name, _reader(hints[name])) for name in _field_names(cls)]

    def read(raw: Json) -> object:
        if not isinstance(raw, dict):
            raise TypeError(f"expected an object, found {raw!r:.60}")
        return cls(**{name: reader(raw[name]) for name, reader in readers if name in raw})

    return read


def _tuple_reader(args: tuple[object, ...]) -> Reader:
    if len(args) == 2 and args[1] is Ellipsis:
        item = _reader(args[0])

        def read_all(raw: Json) -> object:
            if not isinstance(raw, list):
                raise TypeError(f"expected a list, found {raw!r:.60}")
            return tuple([item(one) for one in raw])

        return read_all
    items = [_reader(arg) for arg in args]

    def read_each(raw: Json) -> object:
        if not isinstance(raw, list) or len(raw) != len(items):
            raise TypeError(f"expected a list of {len(items)}, found {raw!r:.60}")
        return tuple([reader(one) for reader, one in zip(items, raw, strict=True)])

    return read_each


def _union_reader(args: tuple[object, ...]) -> Reader:
    rest = [arg for arg in args if arg is not NoneType]
    if len(rest) == 1:
        only = _reader(rest[0])
        return lambda raw: None if raw is None else only(raw)
    tagged = {arg.__name__: _reader(arg) for arg in rest if isinstance(arg, type)}

    def read(raw: Json) -> object:
        if not isinstance(raw, dict) or raw.get("kind") not in tagged:
            raise TypeError(f"expected one of {', '.join(tagged)}, found {raw!r:.60}")
        return tagged[str(raw["kind"])](raw)

    return read
