// The statuses of tasks at any place of a log, for the replay: the same moves that the server's table of legal moves
// names, read off the events alone.
import type { Envelope } from "../api/types";

const AFTER: Record<string, string> = {
  AttemptDispatched: "RUNNING", AttemptSucceeded: "PROPOSED", CandidateProposed: "PROPOSED", CandidateProbed: "PROPOSED", GateStarted: "GATING",
  ConflictFound: "CONFLICTED", ConflictResolved: "PROPOSED", Landed: "LANDED", TaskCancelled: "CANCELLED",
};

/** The status of a task after an event that speaks of it; undefined where the event does not move it. */
export function moved(envelope: Envelope): string | undefined {
  if (envelope.type === "AttemptFailed" || envelope.type === "CandidateDropped") {
    return (envelope.data as { retry_at: number | null }).retry_at === null ? "FAILED" : "WAITING";
  }
  if (envelope.type === "IntentAccepted") {
    return (envelope.data as { intent?: { kind: string } }).intent?.kind === "RetryTask" ? "WAITING" : undefined;
  }
  return AFTER[envelope.type];
}

export function statusesAt(events: Envelope[], count: number, tasks: string[]): Record<string, string> {
  const found: Record<string, string> = Object.fromEntries(tasks.map((task) => [task, "WAITING"]));
  for (const one of events.slice(0, count)) {
    const status = one.task ? moved(one) : undefined;
    if (one.task && status && one.task in found && found[one.task] !== "LANDED") found[one.task] = status;
  }
  return found;
}
