"""Which runtime stands behind a name of the plan.

Never: a runtime's own work.
"""

from typing import assert_never

from agents.runtime import Runtime
from agents.runtimes.command import CommandRuntime
from agents.runtimes.scripted import ScriptedRuntime
from state.plan import RuntimeName


def runtime_for(name: RuntimeName) -> Runtime:
    match name:
        case RuntimeName.COMMAND:
            return CommandRuntime()
        case RuntimeName.SCRIPTED:
            return ScriptedRuntime()
        case _:
            assert_never(name)
