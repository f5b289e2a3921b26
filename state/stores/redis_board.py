"""What programs outside may read of a run at work: the hash `project:RUN:state`, from a window's id to its JSON.

Never: read by us; what is known of a run is folded from its log.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from state.ids import RunId, Seq, WindowId

Reply = None | int | bytes | list["Reply"]
Arg = str | bytes | int | float

# An older view, from a process that was overtaken, changes nothing. ARGV: seq, whole (1) or changes (0), the pairs.
_SHOW = """
if tonumber(redis.call('GET', KEYS[2]) or '0') > tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[2], ARGV[1])
if ARGV[2] == '1' then redis.call('DEL', KEYS[1]) end
for at = 3, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1]) end
return 1
"""


class Link(Protocol):
    """What is needed of an open connection; failures come as `StoreError`."""

    async def call(self, script: str, keys: Sequence[str], args: Sequence[Arg]) -> Reply: ...


@dataclass(frozen=True, slots=True, eq=False)
class RedisBoard:
    link: Link

    async def show(self, run: RunId, seq: Seq, windows: Mapping[WindowId, str], *, whole: bool) -> None:
        """Put up the windows' JSON as of `seq`; `whole`: these are all of them, else the others stay."""
        args: list[Arg] = [seq, int(whole)]
        for window, text in windows.items():
            args += [window, text]
        await self.link.call(_SHOW, [f"project:{run}:state", f"tianting:{run}:shown"], args)
