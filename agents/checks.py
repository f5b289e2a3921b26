"""Runs the gate: the plan's checks at a speculative merge commit, in warm worktrees of their own.

How many at once is the scheduler's business; each gets a worktree that nobody else uses. Never: a green that was not
seen: a gate that could not run is red.
"""

import asyncio
import heapq
from collections.abc import Callable
from pathlib import Path

from agents.environment import Environment, EnvironmentFault, Tenant, build, leased_ports, port_names
from agents.folders import take_down
from agents.shell import run_shell
from agents.site import Site
from agents.worktree import SETUP_TIME, Place, Workshop
from state.commands import RunChecks
from state.events import ChecksFailed, ChecksPassed, Event
from state.failure import Failure, FailureKind

_Red = tuple[str, Failure]
"""The name of the check, and how it failed."""


class Checks:
    """To be used from the loop's thread alone."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._workshop = Workshop(site)
        self._free: list[int] = []
        self._made = 0

    async def run(self, order: RunChecks, emit: Callable[[Event], None]) -> ChecksPassed | ChecksFailed:
        """All checks of the plan, one after the other, up to the first red one. Cancelled: its processes are gone."""
        begun = self._site.clock.now()
        red = await self._in_turn(order) if self._site.plan.gate else None
        seconds = self._site.clock.now() - begun
        if red is None:
            return ChecksPassed(order.candidate, order.task, order.commit, seconds)
        return ChecksFailed(order.candidate, order.task, order.commit, *red, seconds)

    async def _in_turn(self, order: RunChecks) -> _Red | None:
        number = self._take()
        place = f"gate-{number}"
        first = self._site.plan.gate[0].name
        texts = [gate.run for gate in self._site.plan.gate]
        try:
            async with leased_ports(self._site, place, port_names(texts)) as ports:
                environment = build(self._site, Tenant(place, place, "Tianting gate", order.task), ports)
                try:
                    return await self._on_ground(place, order, environment)
                finally:
                    await asyncio.to_thread(take_down, Path(environment.scratch))
        except EnvironmentFault as fault:
            return first, Failure(FailureKind.ENVIRONMENT, str(fault))
        finally:
            heapq.heappush(self._free, number)

    def _take(self) -> int:
        """The lowest number that is free: the worktree that is most likely warm."""
        if self._free:
            return heapq.heappop(self._free)
        self._made += 1
        return self._made

    async def _on_ground(self, name: str, order: RunChecks, environment: Environment) -> _Red | None:
        plan = self._site.plan
        place = await self._workshop.prepare(name, order.commit)
        if isinstance(place, Failure):
            return plan.gate[0].name, place
        try:
            async with asyncio.timeout(SETUP_TIME):
                fault = await self._workshop.set_up(place, environment)
        except TimeoutError:
            fault = Failure(FailureKind.ENVIRONMENT, f"setup took longer than {SETUP_TIME:g} s")
        if fault is not None:
            return plan.gate[0].name, fault
        try:
            return await self._gates(place, environment)
        finally:
            await self._workshop.tidy(place)

    async def _gates(self, place: Place, environment: Environment) -> _Red | None:
        for gate in self._site.plan.gate:
            end = await run_shell(environment.expand(gate.run), place.path, environment.variables, gate.timeout)
            if end.fault:
                return gate.name, Failure(FailureKind.GATE, f"`{gate.run}` {end.fault}", end.output)
        return None

    async def close(self) -> None:
        """Take down the worktrees that were made here."""
        for number in range(1, self._made + 1):
            await self._workshop.remove(f"gate-{number}")
        self._free.clear()
        self._made = 0
