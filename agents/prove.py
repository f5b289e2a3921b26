"""Proves merged migrations by running them: along either side, and to the merge, on scratch databases.

The trunk's database is taken from the base to the trunk and on to the merge, as a published one will be; the
candidate's is made at the candidate; a third is made at the merge from nothing. The merge must make the same from both,
and that must be what the two sides make together. Never: a database that is not made here; a proof that was not run.
"""

import asyncio
import os
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from agents.ground import Ground, GroundFault, Grounds
from agents.schema_dump import Schema, difference, schema_of, sqlite_dump, together
from agents.shell import run_shell
from agents.site import Site
from state.bench import ProveSchema, SchemaProof
from state.ids import Sha
from state.plan import MigrationSpec

_WORDS = 60
"""Of the output of a command that failed, the last words are shown: tracebacks end with what is wrong."""


class _NotRun(Exception):
    """A command failed; the end of a sentence."""


@dataclass(frozen=True, slots=True)
class _Database:
    """A scratch database: its name, and the address that stands for `{database}`."""

    name: str
    address: str
    file: str


async def proof_of(site: Site, grounds: Grounds, order: ProveSchema) -> SchemaProof:
    """Whether the merge makes what both sides make together."""
    spec = site.plan.migrations
    if spec is None:
        return SchemaProof(False, "the plan does not say how migrations are run")
    try:
        async with grounds.take([spec.run, spec.dump]) as ground:
            bench = _Bench(grounds, ground, spec)
            async with bench.database("trunk") as trunk:
                base = await bench.migrated(order.base, trunk)
                ours = await bench.migrated(order.ours, trunk)
                upgraded = await bench.migrated(order.merged, trunk)
            async with bench.database("candidate") as lone:
                theirs = await bench.migrated(order.theirs, lone)
            async with bench.database("fresh") as fresh:
                made = await bench.migrated(order.merged, fresh)
    except GroundFault as fault:
        return SchemaProof(False, f"the migrations could not be run: {fault.failure.detail}")
    except _NotRun as fault:
        return SchemaProof(False, f"the migrations could not be run: {fault}")
    return _verdict(together(base, ours, theirs), upgraded, made)


def _verdict(wanted: Schema, upgraded: Schema, made: Schema) -> SchemaProof:
    if not made:
        return SchemaProof(False, "the migrations made nothing that could be compared")
    if apart := difference(made, upgraded):
        return SchemaProof(False, f"a database of the trunk, taken to the merge, differs from a new one: {apart}")
    if apart := difference(wanted, made):
        return SchemaProof(False, f"the merge does not make what both sides make: {apart}")
    return SchemaProof(True, f"run from the base along either side and to the merge: {len(made)} things in the schema")


@dataclass(frozen=True, slots=True)
class _Bench:
    grounds: Grounds
    ground: Ground
    spec: MigrationSpec

    @asynccontextmanager
    async def database(self, name: str) -> AsyncIterator[_Database]:
        """A new one, gone at the end. Raises `_NotRun`."""
        scratch = self.ground.environment.scratch
        own = f"tianting_{os.getpid()}_{self.ground.name.replace('-', '_')}_{name}"
        file = os.path.join(scratch, f"{own}.db")
        made = _Database(own, self.spec.database.replace("{scratch}", own) or f"sqlite:///{file}", file)
        if self.spec.create:
            await self._run(self.spec.create, made, scratch)
        try:
            yield made
        finally:
            if self.spec.drop:
                await self._run(self.spec.drop, made, scratch)

    async def migrated(self, commit: Sha, database: _Database) -> Schema:
        """What the database holds once the migrations of a commit have run on it. Raises `_NotRun`, `GroundFault`."""
        place = await self.grounds.at(self.ground, commit)
        await self._run(self.spec.run, database, place.path)
        if not self.spec.dump and not os.path.exists(database.file):
            raise _NotRun(f"`{self.spec.run}` made no SQLite file at {{database}}, and the plan has no `dump`")
        dump, out = self.spec.dump or sqlite_dump(database.file), f"{database.file}.dump"
        # Not by its output, of which only the end is kept.
        await self._run(f"{{ {dump}\n}} > {shlex.quote(out)}", database, place.path)
        return schema_of(await asyncio.to_thread(Path(out).read_text, "utf-8", "replace"))

    async def _run(self, command: str, database: _Database, folder: str) -> str:
        environment = self.ground.environment
        words = {"{database}": database.address, "{scratch}": database.name, "{file}": database.file}

        def filled(text: str) -> str:
            for word, value in words.items():
                text = text.replace(word, value)
            return environment.expand(text)

        variables = {**environment.variables, **{name: filled(value) for name, value in self.spec.env}}
        await self.grounds.sure()
        end = await run_shell(filled(command), folder, variables, self.spec.timeout, environment.walls)
        if end.fault:
            raise _NotRun(f"`{command}` {end.fault}: {' '.join(end.output.split()[-_WORDS:])}")
        return end.output
