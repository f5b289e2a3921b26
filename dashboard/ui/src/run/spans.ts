// A run's timeline as rows of spans: by window, with the gates below, or by task with its whole way.
// Never: a drawing, a word; those are the view's.
import type { Bar, ForecastView, TimelineView } from "../api/types";

export type SpanKind = "wait" | "start" | "work" | "failed" | "queue" | "gate" | "green" | "red" | "landed" | "conflict" | "stopped";

export interface Span {
  row: string;
  kind: SpanKind;
  task: string;
  from: number;
  to: number;
  live: boolean;
  attempt?: Bar;
}

export interface Rows {
  rows: string[];
  spans: Span[];
}

const DEFAULT_ESTIMATE = 600;

function ofBar(row: string, bar: Bar, now: number, waits: boolean): Span[] {
  const begun = bar.started ?? bar.ended ?? now;
  const end = bar.ended ?? now;
  const failed = bar.ended !== null && bar.outcome !== "succeeded";
  const one = (kind: SpanKind, from: number, to: number, live = false): Span => ({ row, kind, task: bar.task, from, to, live, attempt: bar });
  return [
    ...(waits && bar.dispatched > bar.ready ? [one("wait", bar.ready, bar.dispatched)] : []),
    one("start", bar.dispatched, begun),
    one(failed ? "failed" : "work", begun, Math.max(begun, end), bar.ended === null),
  ];
}

const gateKind = ({ passed, stopped }: { passed: boolean | null; stopped: boolean }): SpanKind => (stopped ? "stopped" : passed === null ? "gate" : passed ? "green" : "red");

export function byWindow(view: TimelineView, windows: string[], now: number, gates: string): Rows {
  const seen = [...new Set([...windows, ...view.bars.map((bar) => bar.window)])];
  const spans = view.bars.flatMap((bar) => ofBar(bar.window, bar, now, false));
  const ends: number[] = [];
  for (const gate of [...view.gates].sort((one, other) => one.since - other.since)) {
    const to = gate.seconds === null ? now : gate.since + gate.seconds;
    let lane = ends.findIndex((end) => end <= gate.since);
    if (lane < 0) lane = ends.length;
    ends[lane] = to;
    spans.push({ row: `${gates} ${lane + 1}`, kind: gateKind(gate), task: gate.task, from: gate.since, to, live: gate.seconds === null });
  }
  return { rows: [...seen, ...ends.map((_, lane) => `${gates} ${lane + 1}`)], spans };
}

export function byTask(view: TimelineView, tasks: string[], now: number): Rows {
  const spans = view.bars.flatMap((bar) => ofBar(bar.task, bar, now, true));
  for (const gate of view.gates) {
    spans.push({ row: gate.task, kind: gateKind(gate), task: gate.task, from: gate.since, to: gate.seconds === null ? now : gate.since + gate.seconds, live: gate.seconds === null });
  }
  for (const clash of view.clashes) {
    if (clash.task) spans.push({ row: clash.task, kind: "conflict", task: clash.task, from: clash.found, to: clash.ended ?? now, live: clash.ended === null });
  }
  for (const bar of view.bars) {
    if (bar.outcome !== "succeeded" || bar.ended === null) continue;
    const landed = view.landed[bar.task];
    const gate = view.gates.find((one) => one.task === bar.task && one.since >= bar.ended!);
    spans.push({ row: bar.task, kind: "queue", task: bar.task, from: bar.ended, to: gate?.since ?? landed ?? now, live: landed === undefined });
  }
  for (const [task, at] of Object.entries(view.landed)) spans.push({ row: task, kind: "landed", task, from: at, to: at, live: false });
  const touched = new Set(spans.map((one) => one.row));
  return { rows: tasks.filter((one) => touched.has(one)), spans };
}

/** No order could have been quicker: the longest chain of needs, by what was measured where it was, else by estimates. */
export function lowerBound(view: TimelineView, forecast: ForecastView): number {
  const took: Record<string, number> = {};
  for (const bar of view.bars) {
    if (bar.outcome === "succeeded" && bar.ended !== null) took[bar.task] = bar.ended - bar.dispatched;
  }
  for (const gate of view.gates) {
    if (gate.passed && took[gate.task] !== undefined) took[gate.task]! += gate.seconds ?? 0;
  }
  const specs = new Map(forecast.tasks.map((one) => [one.id, one]));
  const ends: Record<string, number> = {};
  for (const name of forecast.waves.flat()) {
    const spec = specs.get(name)!;
    const begin = Math.max(0, ...spec.needs.map((need) => ends[need] ?? 0));
    ends[name] = begin + (took[name] ?? spec.estimate ?? DEFAULT_ESTIMATE);
  }
  return Math.max(0, ...Object.values(ends));
}
