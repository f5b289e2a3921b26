"""Runs the commands that make generated files and lock files, at a merge whose sources are already merged.

Never: text of such a file merged; a result of commands of which one failed.
"""

from agents.ground import GroundFault, Grounds
from agents.shell import run_shell
from agents.site import Site
from state.bench import Regenerate, Regenerated
from state.ids import Sha
from state.ports import RepositoryFault, WorktreeFault

TIME = 1800.0
"""Seconds that one command may take."""
_NOTHING = Sha("")


async def regenerated(site: Site, grounds: Grounds, order: Regenerate) -> Regenerated:
    """A commit on `order.commit` with all that the commands changed."""
    try:
        async with grounds.take(order.commands) as ground:
            place = await grounds.at(ground, order.commit)
            environment = ground.environment
            for command in order.commands:
                await grounds.sure()
                end = await run_shell(
                    environment.expand(command), place.path, environment.variables, TIME, environment.walls
                )
                if end.fault:
                    return Regenerated(_NOTHING, (), f"`{command}` {end.fault}{_last(end.output)}")
            made = await site.worktrees.snapshot(place.path, order.commit, (), "Regenerate", site.clock.now())
    except GroundFault as fault:
        return Regenerated(_NOTHING, (), fault.failure.detail)
    except (WorktreeFault, RepositoryFault) as fault:
        return Regenerated(_NOTHING, (), str(fault))
    return Regenerated(made.commit, made.paths)


def _last(output: str) -> str:
    line = output.strip().rpartition("\n")[2]
    return f" ({line})" if line else ""
