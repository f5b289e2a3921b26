// A run as files for other programs: a trace for Perfetto, a table for spreadsheets, the log as it is.
import { api } from "../api/client";
import type { Envelope, RunView, TimelineView } from "../api/types";

interface TraceEvent {
  name: string;
  cat: string;
  ph: "X" | "M" | "i";
  pid: number;
  tid: number;
  ts?: number;
  dur?: number;
  s?: "g";
  args?: Record<string, unknown>;
}

/** The Chrome trace format: a thread a window, and one for gates; times are in microseconds since the launch. */
export function traceOf(view: TimelineView, now: number): string {
  const threads = new Map<string, number>();
  const events: TraceEvent[] = [{ name: "process_name", cat: "", ph: "M", pid: 1, tid: 0, args: { name: view.run } }];
  const thread = (name: string): number => {
    let number = threads.get(name);
    if (number === undefined) {
      number = threads.size + 1;
      threads.set(name, number);
      events.push({ name: "thread_name", cat: "", ph: "M", pid: 1, tid: number, args: { name } });
    }
    return number;
  };
  const micros = (seconds: number): number => Math.round((seconds - view.started) * 1e6);
  const span = (name: string, cat: string, row: string, from: number, to: number, args: Record<string, unknown>) =>
    events.push({ name, cat, ph: "X", pid: 1, tid: thread(row), ts: micros(from), dur: Math.max(1, micros(to) - micros(from)), args });
  for (const bar of view.bars) {
    span(bar.task, "attempt", bar.window, bar.dispatched, bar.ended ?? now, { attempt: bar.number, outcome: bar.outcome, tokens: bar.tokens, usd: bar.usd, simulated: bar.simulated });
  }
  for (const gate of view.gates) {
    span(gate.task, "gate", `gate of ${gate.task}`, gate.since, gate.seconds === null ? now : gate.since + gate.seconds, { passed: gate.passed, carried: gate.carried });
  }
  for (const [task, at] of Object.entries(view.landed)) events.push({ name: `${task} landed`, cat: "landed", ph: "i", s: "g", pid: 1, tid: 0, ts: micros(at) });
  return JSON.stringify({ displayTimeUnit: "ms", traceEvents: events });
}

/** A cell that spreadsheets read as text: quoted, and never as a formula. */
export function cell(value: unknown): string {
  const text = value === null || value === undefined ? "" : String(value);
  const plain = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

export function tableOf(run: RunView, view: TimelineView): string {
  const rows: unknown[][] = [["task", "title", "role", "status", "reason", "attempts", "needs", "dispatched", "ended", "work_seconds", "gate_seconds", "landed_at", "commit", "tokens", "usd", "simulated"]];
  for (const task of run.tasks) {
    const bars = view.bars.filter((bar) => bar.task === task.id);
    const sum = (of: (bar: (typeof bars)[number]) => number) => bars.reduce((total, bar) => total + of(bar), 0);
    const gates = view.gates.filter((gate) => gate.task === task.id).reduce((total, gate) => total + (gate.seconds ?? 0), 0);
    rows.push([
      task.id, task.title, task.role, task.status, task.reason, task.attempts, task.needs.join(" "), bars[0]?.dispatched, bars[bars.length - 1]?.ended,
      sum((bar) => (bar.ended ?? bar.dispatched) - bar.dispatched).toFixed(3), gates.toFixed(3), view.landed[task.id], task.landed, sum((bar) => bar.tokens), sum((bar) => bar.usd).toFixed(6), task.simulated,
    ]);
  }
  return `${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

export async function logOf(run: string): Promise<string> {
  const lines: string[] = [];
  let after = 0;
  for (;;) {
    const page: { events: Envelope[]; next: number; last: number } = await api.events(run, after, 1000);
    lines.push(...page.events.map((one) => JSON.stringify(one)));
    if (page.next >= page.last || page.next === after) break;
    after = page.next;
  }
  return lines.length ? `${lines.join("\n")}\n` : "";
}
