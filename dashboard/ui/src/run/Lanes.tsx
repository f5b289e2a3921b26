// What every window, or every task, did over time, with the bound that no order could beat.
import { useQuery } from "@tanstack/react-query";
import { Segmented } from "antd";
import { useEffect, useMemo, useRef } from "react";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { api } from "../api/client";
import type { ForecastView, RunView, TimelineView } from "../api/types";
import { useLive } from "../live/store";
import { useLook } from "../look/theme";
import { useNow } from "../parts/Elapsed";
import { Quiet } from "../parts/Panel";
import { useNewest } from "../parts/steer";
import { clockOf, lengthOf, numberOf, useSay, type Say } from "../words";
import { heightOf, init, optionOf, type ECharts } from "./chart";
import { byTask, byWindow, lowerBound, type Rows, type Span, type SpanKind } from "./spans";

const LEGEND: SpanKind[] = ["wait", "start", "work", "failed", "queue", "gate", "green", "red", "stopped", "conflict", "landed"];
const TABLE_ROWS = 400;

export default function Lanes() {
  const { run = "" } = useParams();
  const say = useSay();
  const seq = useLive(run, (state) => state.run!.seq);
  const view = useLive(run, (state) => state.run!);
  const { data: forecast } = useQuery({ queryKey: ["forecast", run], queryFn: () => api.forecast(run), staleTime: Infinity });
  const { data, refetch } = useQuery({ queryKey: ["timeline", run], queryFn: () => api.timeline(run) });
  useEffect(() => {
    const timer = window.setTimeout(() => void refetch(), 700);
    return () => clearTimeout(timer);
  }, [seq, refetch]);
  return data && forecast ? <Drawn view={data} forecast={forecast} run={view} /> : <Quiet>{say("loading")}</Quiet>;
}

function Drawn({ view, forecast, run }: { view: TimelineView; forecast: ForecastView; run: RunView }) {
  const say = useSay();
  const [asked, setAsked] = useSearchParams();
  const mode = asked.get("by") === "task" ? "task" : "window";
  const time = useNow();
  const now = view.ended ?? Math.max(time, run.ts);
  const rows = useMemo(() => (mode === "task"
    ? byTask(view, forecast.order, now)
    : byWindow(view, run.windows.map((one) => one.id), now, say("lanes.gates"))), [mode, view, forecast, run.windows, now, say]);
  const bound = useMemo(() => lowerBound(view, forecast), [view, forecast]);
  return (
    <section className="lanes" aria-label={say("run.lanes")}>
      <div className="toolbar">
        <Segmented value={mode} onChange={(next) => setAsked({ by: next }, { replace: true })} aria-label={say("lanes.label")}
          options={[{ value: "window", label: say("lanes.byWindow") }, { value: "task", label: say("lanes.byTask") }]} />
        <span className="chip-fact bound">{say("lanes.bound", { time: lengthOf(bound) })}</span>
        <span className="chip-fact">{say("lanes.foreseen", { time: lengthOf(forecast.makespan) })}</span>
        <span className="legend" role="group" aria-label={say("graph.legend")}>{LEGEND.map((kind) => <span key={kind} className="legend-item"><i className={`swatch span-${kind}`} aria-hidden />{wordOf(say, kind)}</span>)}</span>
      </div>
      <div className="lanes-scroll" tabIndex={0} role="region" aria-label={say("lanes.label")}>
        <Chart rows={rows} view={view} now={now} bound={bound} critical={forecast.critical_path} run={run.run} />
      </div>
      <SpanTable rows={rows} say={say} />
    </section>
  );
}

const WORDS: Partial<Record<SpanKind, string>> = { green: "gate.green", red: "gate.red", gate: "lanes.gate", stopped: "gate.stopped" };
const wordOf = (say: Say, kind: SpanKind): string => say(WORDS[kind] ?? `lanes.${kind}`);

interface ChartProps {
  rows: Rows;
  view: TimelineView;
  now: number;
  bound: number;
  critical: string[];
  run: string;
}

function Chart({ rows, view, now, bound, critical, run }: ChartProps) {
  const say = useSay();
  const go = useNewest(useNavigate());
  const { dark } = useLook();
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  const drawn = useNewest(rows);
  useEffect(() => {
    const made = init(box.current!);
    chart.current = made;
    const size = new ResizeObserver(() => made.resize());
    size.observe(box.current!);
    made.on("click", (event) => {
      const span = drawn.current.spans[(event.data as number[])[3]!];
      if (span) void go.current(`/runs/${run}/tasks/${span.task}`);
    });
    return () => {
      size.disconnect();
      made.dispose();
    };
  }, [run, go, drawn]);
  useEffect(() => {
    const end = Math.max(now, view.started + 1);
    const edge = view.started + bound;
    const shown = edge <= view.started + (end - view.started) * 1.6;
    chart.current?.setOption(optionOf({
      rows, critical: new Set(critical), from: view.started, to: Math.max(end, shown ? edge : 0) + (end - view.started) * 0.02, clock: clockOf,
      marks: { now: view.ended === null ? now : null, nowName: say("lanes.now"), bound: shown ? { at: edge, name: say("lanes.bound", { time: lengthOf(bound) }) } : null },
      tip: (span) => tipOf(say, span),
    }));
  }, [rows, view, now, bound, critical, say, dark]);
  return <div ref={box} className="chart" style={{ minHeight: heightOf(rows.rows.length) }} role="img" aria-label={say("lanes.label")} />;
}

function tipOf(say: Say, span: Span): string {
  const attempt = span.attempt;
  const usage = attempt?.tokens ? `\n${say("lanes.tokens", { count: numberOf(attempt.tokens) })}` : "";
  const failed = span.kind === "failed" && attempt ? ` (${attempt.outcome})` : "";
  return `${span.task}${attempt ? ` · ${say("run.attempt", { number: attempt.number })}` : ""}\n${wordOf(say, span.kind)}${failed} · ${lengthOf(span.to - span.from)}\n${clockOf(span.from)} – ${clockOf(span.to)}${usage}`;
}

function SpanTable({ rows, say }: { rows: Rows; say: Say }) {
  return (
    <details className="as-table">
      <summary>{say("lanes.table")}</summary>
      <table className="table">
        <thead><tr>{["where", "task", "what", "from", "until"].map((one) => <th key={one} scope="col">{say(`lanes.${one}`)}</th>)}</tr></thead>
        <tbody>
          {rows.spans.slice(-TABLE_ROWS).map((span, at) => (
            <tr key={at}><td>{span.row}</td><td>{span.task}</td><td>{wordOf(say, span.kind)}</td><td>{clockOf(span.from)}</td><td>{span.live ? "" : clockOf(span.to)}</td></tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
