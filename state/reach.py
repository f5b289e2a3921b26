"""Whether the store can be reached: one value a process, which its connection writes and its screens read.

Never: a decision on it beyond waiting; what may be written, the store says itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Reach:
    """`why` is a sentence while the store is away, and "" otherwise. Who leads a run waits for the store as long as
    `patient` is true; then, as everybody else, for a while."""

    why: str = ""
    patient: bool = True
    _told: list[Callable[[str], None]] = field(default_factory=list)

    def tell(self, listener: Callable[[str], None]) -> None:
        """Let `listener` hear every change of `why`."""
        self._told.append(listener)

    def set(self, why: str) -> None:
        if why == self.why:
            return
        before, self.why = self.why, why
        if bool(before) is not bool(why):
            for listener in self._told:
                listener(why)
