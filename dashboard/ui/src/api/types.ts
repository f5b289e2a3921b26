// The shapes of the API under the names that the views use; generated from the server's own description.
import type { components } from "../generated/schema";

type Schemas = components["schemas"];
export type RunView = Schemas["RunView"];
export type RunSummary = Schemas["RunSummary"];
export type TaskView = Schemas["TaskView"];
export type TaskDetail = Schemas["TaskDetail"];
export type AttemptView = Schemas["AttemptView"];
export type GateView = Schemas["GateView"];
export type FailureView = Schemas["FailureView"];
export type WindowView = Schemas["WindowView"];
export type CandidateView = Schemas["CandidateView"];
export type QuestionView = Schemas["QuestionView"];
export type ConflictsView = Schemas["ConflictsView"];
export type ConflictCase = Schemas["ConflictCase"];
export type ConflictView = Schemas["ConflictView"];
export type ForecastView = Schemas["ForecastView"];
export type PlannedTask = Schemas["PlannedTask"];
export type TimelineView = Schemas["TimelineView"];
export type Bar = Schemas["Bar"];
export type Checked = Schemas["Checked"];
export type Line = Schemas["Line"];
export type Diff = Schemas["Diff"];
export type Envelope = Schemas["Envelope"];

export const STATUSES = [
  "RUNNING", "GATING", "PROPOSED", "CONFLICTED", "WAITING", "LANDED", "FAILED", "CANCELLED",
] as const;
export type Status = (typeof STATUSES)[number];

export const ENDED_RUNS = new Set(["finished", "failed", "cancelled", "refused"]);
export const isEnded = (status: string): boolean => ENDED_RUNS.has(status);

export type Intent =
  | { kind: "PauseRun" }
  | { kind: "ResumeRun" }
  | { kind: "CancelRun" }
  | { kind: "CancelTask"; task: string }
  | { kind: "RetryTask"; task: string }
  | { kind: "SteerTask"; task: string; text: string }
  | { kind: "ApproveTask"; task: string }
  | { kind: "AnswerQuestion"; question: string; text: string }
  | { kind: "ResolveConflict"; candidate: string; choice: string; commit?: string }
  | { kind: "ReorderTrain"; order: string[] }
  | { kind: "DropCandidate"; candidate: string };
