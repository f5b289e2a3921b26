"""Values that are cheap to make: a frozen dataclass sets each field through `object.__setattr__`, which costs five
times what a plain one does, and every event of every run is one.

Never: a value that is less frozen for it; one with a default factory or a `__post_init__`.
"""

from dataclasses import MISSING, fields
from typing import TypeVar

T = TypeVar("T")


def light(cls: type[T]) -> type[T]:
    """Give a frozen, slotted dataclass another `__init__` that does the same at a third of the cost: while it is made,
    the value is of a twin class that is not frozen."""
    made = fields(cls)  # type: ignore[arg-type]  # whoever is no dataclass is refused by this
    if hasattr(cls, "__post_init__") or any(one.default_factory is not MISSING or one.kw_only for one in made):
        raise TypeError(f"{cls.__name__} is not made of plain fields alone")
    names = [one.name for one in made]
    twin = type(f"{cls.__name__}InTheMaking", (), {"__slots__": tuple(names)})
    lines = [f"self.{name} = {name}" for name in names]
    body = "\n    ".join(("become(self, '__class__', twin)", *lines, "self.__class__ = cls"))
    room: dict[str, object] = {"become": object.__setattr__, "twin": twin, "cls": cls}
    exec(f"def __init__({', '.join(['self', *names])}):\n    {body}\n", room)
    init, plain = room["__init__"], cls.__init__
    for part in ("__annotations__", "__defaults__", "__module__", "__qualname__", "__doc__"):
        setattr(init, part, getattr(plain, part))
    cls.__init__ = init  # type: ignore[assignment]  # the same parameters, as the tests of every event show
    return cls
