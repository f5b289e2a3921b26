"""Runs the gate (the plan's checks at a speculative merge commit), proofs of merged migrations, and generators, in warm
worktrees of their own.

How many gates at once is the scheduler's business; proofs and generators wait for each other. Never: a green that was
not seen: a gate that could not run is red, and so is a proof.
"""

import asyncio
from collections.abc import Callable

from agents.environment import Environment
from agents.gate_ear import GateEar
from agents.ground import GroundFault, Grounds
from agents.prove import proof_of
from agents.regenerate import regenerated
from agents.shell import run_shell
from agents.site import Site
from agents.worktree import Place
from state.bench import ProveSchema, Regenerate, Regenerated, SchemaProof
from state.commands import RunChecks
from state.events import ChecksFailed, ChecksPassed, Event
from state.failure import Failure, FailureKind

_Red = tuple[str, Failure]
"""The name of the check, and how it failed."""


class Checks:
    """To be used from the loop's thread alone."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._grounds = Grounds(site)
        self._bench = asyncio.Lock()

    async def run(self, order: RunChecks, emit: Callable[[Event], None]) -> ChecksPassed | ChecksFailed:
        """All checks of the plan, one after the other, up to the first red one. Cancelled: its processes are gone."""
        begun = self._site.clock.now()
        red = await self._in_turn(order) if self._site.plan.gate else None
        seconds = self._site.clock.now() - begun
        if red is None:
            return ChecksPassed(order.candidate, order.task, order.commit, seconds)
        return ChecksFailed(order.candidate, order.task, order.commit, *red, seconds)

    async def _in_turn(self, order: RunChecks) -> _Red | None:
        texts = [gate.run for gate in self._site.plan.gate]
        try:
            async with self._grounds.take(texts, order.task) as ground:
                place = await self._grounds.at(ground, order.commit)
                return await self._gates(order, place, ground.environment)
        except GroundFault as fault:
            return self._site.plan.gate[0].name, fault.failure

    async def _gates(self, order: RunChecks, place: Place, environment: Environment) -> _Red | None:
        await self._site.right.sure()
        ear = GateEar(self._site, order, environment.scrub)
        for gate in self._site.plan.gate:
            command, variables = environment.expand(gate.run), environment.variables
            ear.begin(gate.name, gate.run)
            end = await run_shell(command, place.path, variables, gate.timeout, environment.walls, ear)
            await ear.end(end.fault)
            if end.fault:
                return gate.name, Failure(FailureKind.GATE, f"`{gate.run}` {end.fault}", end.output)
        return None

    async def prove(self, order: ProveSchema) -> SchemaProof:
        """Run the plan's migrations along either side and to the merge; one proof at a time."""
        async with self._bench:
            return await proof_of(self._site, self._grounds, order)

    async def regenerate(self, order: Regenerate) -> Regenerated:
        """Run generators at a commit and commit what they made; one at a time."""
        async with self._bench:
            return await regenerated(self._site, self._grounds, order)

    async def close(self) -> None:
        """Take down the worktrees that were made here."""
        await self._grounds.close()
