"""Hypothesis values for any class of the ground floor, built from its annotations."""

from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
# File names that are not valid UTF-8 reach us as lone surrogates; they must survive the log.
TEXTS = st.text(max_size=8) | st.sampled_from(["\udcff.txt", "前端/页面.tsx", 'quote"\\\n', "\x00"])
PLAIN: dict[object, st.SearchStrategy[object]] = {
    str: TEXTS,
    int: st.integers(-(2**40), 2**60),
    bool: st.booleans(),
    float: NUMBERS,
    NoneType: st.none(),
}


@cache
def of(hint: object) -> st.SearchStrategy[object]:
    """Values of a type: a plain one, a NewType, an enum, a dataclass, a tuple or a union of such."""
    supertype = getattr(hint, "__supertype__", None)
    if supertype is not None:
        return of(supertype)
    if hint in PLAIN:
        return PLAIN[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    if isinstance(hint, type) and is_dataclass(hint):
        hints = get_type_hints(hint)
        return st.deferred(lambda: st.builds(hint, **{field.name: of(hints[field.name]) for field in fields(hint)}))
    if isinstance(hint, UnionType) or get_origin(hint) is Union:
        return st.one_of([of(one) for one in get_args(hint)])
    if get_origin(hint) is tuple:
        args = get_args(hint)
        if args[-1] is Ellipsis:
            return st.lists(of(args[0]), max_size=2).map(tuple)
        return st.tuples(*map(of, args))
    raise TypeError(hint)
