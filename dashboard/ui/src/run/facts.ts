// Numbers that several views draw from a run: who is at work, who waits, how far it is.
import { STATUSES, type RunView, type WindowView } from "../api/types";

export interface Windows {
  busy: number;
  idle: number;
  asking: number;
}

export const asks = (run: RunView, window: WindowView): boolean =>
  window.attempt !== null && run.questions.some((one) => one.attempt === window.attempt);

export function windowsOf(run: RunView): Windows {
  const asking = run.windows.filter((one) => asks(run, one)).length;
  const busy = run.windows.filter((one) => one.task !== null).length - asking;
  return { busy, asking, idle: Math.max(0, run.windows.length - busy - asking) };
}

export const openConflicts = (run: RunView): number => run.train.filter((one) => one.conflicts > 0).length;

/** Statuses that some task has, in the order in which bars draw them. */
export const partsOf = (counts: Record<string, number>): [string, number][] =>
  ["LANDED", ...STATUSES.filter((name) => name !== "LANDED")].flatMap((name): [string, number][] =>
    counts[name] ? [[name, counts[name]!]] : []);

export const progressOf = (run: RunView): number => (run.tasks.length ? (run.counts.LANDED ?? 0) / run.tasks.length : 0);

export const readyOf = (run: RunView): number =>
  run.tasks.filter((one) => one.status === "WAITING" && ["Next", "PoolFull", "WindowsFull", "ClaimHeld"].includes(one.why)).length;
