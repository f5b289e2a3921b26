// The plan that takes a landed resolution back by a task of its own: in the history, and through the gate like all others.
import type { ConflictCase, RunView } from "../api/types";

/** Null while there is nothing on the trunk to take back. */
export function undoPlan(run: RunView, one: ConflictCase, landed: string | null | undefined): string | null {
  if (!one.resolution || !one.task || !landed) return null;
  const { by, how, rung } = one.resolution;
  const said = JSON.stringify(`Take back ${one.task}, whose conflict was settled by ${by} (${rung}: ${how})`);
  return `tianting: 1
name: undo-${one.task}
trunk: ${JSON.stringify(run.trunk.branch)}
tasks:
  - id: undo-${one.task}
    role: backend
    runtime: command
    title: ${said}
    touches: ${JSON.stringify(one.resolution.paths)}
    # Turns around the merge that brought it; another task can then do it anew.
    run: git diff --no-ext-diff --binary ${landed} ${landed}^1 | git apply --3way
`;
}
