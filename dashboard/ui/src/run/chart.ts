// The lanes as a chart: one custom series of bars over a time axis, drawn on a canvas.
import { CustomChart } from "echarts/charts";
import { AriaComponent, DataZoomComponent, GridComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { init, use, type ECharts, type EChartsCoreOption } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import type { CustomSeriesRenderItemAPI, CustomSeriesRenderItemParams, CustomSeriesRenderItemReturn } from "echarts";
import { token } from "../look/theme";
import type { Rows, Span, SpanKind } from "./spans";

use([CustomChart, AriaComponent, DataZoomComponent, GridComponent, MarkLineComponent, TooltipComponent, CanvasRenderer]);

export { init, type ECharts };

export interface Marks {
  now: number | null;
  bound: { at: number; name: string } | null;
  nowName: string;
}

export interface Drawing {
  rows: Rows;
  critical: Set<string>;
  marks: Marks;
  from: number;
  to: number;
  tip: (span: Span) => string;
  clock: (seconds: number) => string;
}

const TOKENS: Record<SpanKind, string> = {
  wait: "--s-waiting", start: "--s-running-soft", work: "--s-running", failed: "--s-failed", queue: "--s-proposed-soft", gate: "--s-gating", green: "--s-landed",
  red: "--s-failed", landed: "--s-landed", conflict: "--s-conflicted", stopped: "--strong-line",
};

const ROW = 26;
export const heightOf = (rows: number): number => Math.max(160, rows * ROW + 74);

export function optionOf({ rows, critical, marks, from, to, tip, clock }: Drawing): EChartsCoreOption {
  const ink = token("--ink");
  const quiet = token("--quiet");
  const line = token("--line");
  const at = new Map(rows.rows.map((name, place) => [name, place]));
  const colours = Object.fromEntries(Object.entries(TOKENS).map(([kind, name]) => [kind, token(name)])) as Record<SpanKind, string>;
  const mark = token("--s-conflicted");
  const data = rows.spans.map((span, place) => [at.get(span.row) ?? 0, span.from * 1000, span.to * 1000, place]);
  const draw = (params: CustomSeriesRenderItemParams, api: CustomSeriesRenderItemAPI): CustomSeriesRenderItemReturn =>
    shape(rows.spans[api.value(3) as number]!, params, api, colours, critical, { ink, mark, panel: token("--panel") });
  return {
    animation: false,
    aria: { enabled: true },
    grid: { left: 8, right: 24, top: 8, bottom: 62, containLabel: true },
    tooltip: {
      renderMode: "richText", backgroundColor: token("--panel"), borderColor: token("--strong-line"), textStyle: { color: ink, fontSize: 12, lineHeight: 18 },
      formatter: (params: { data: number[] }) => tip(rows.spans[params.data[3]!]!),
    },
    xAxis: {
      type: "time", min: from * 1000, max: to * 1000, axisLabel: { color: quiet, hideOverlap: true, formatter: (value: number) => clock(value / 1000) },
      splitLine: { show: true, lineStyle: { color: line } }, axisLine: { lineStyle: { color: line } },
    },
    yAxis: {
      type: "category", data: rows.rows, inverse: true, axisTick: { show: false }, axisLine: { lineStyle: { color: line } }, splitLine: { show: true, lineStyle: { color: line } },
      axisLabel: { color: ink, fontSize: 12, width: 170, overflow: "truncate", interval: 0 },
    },
    dataZoom: [
      { type: "inside", xAxisIndex: 0, filterMode: "weakFilter", zoomOnMouseWheel: "ctrl", moveOnMouseWheel: false },
      { type: "slider", xAxisIndex: 0, filterMode: "weakFilter", height: 22, bottom: 8, borderColor: line, textStyle: { color: quiet }, labelFormatter: (value: number) => clock(value / 1000), showDataShadow: false },
    ],
    series: [{
      type: "custom", renderItem: draw, encode: { x: [1, 2], y: 0 }, data, clip: true,
      markLine: { symbol: "none", silent: true, animation: false, data: lines(marks, quiet, mark) },
    }],
  };
}

function lines(marks: Marks, quiet: string, mark: string): object[] {
  const one = (at: number, name: string, color: string, type: string) => (
    { xAxis: at * 1000, lineStyle: { color, type, width: 1.4 }, label: { formatter: name, color, position: "insideEndTop", rotate: 0, fontSize: 11 } });
  return [
    ...(marks.now === null ? [] : [one(marks.now, marks.nowName, quiet, "solid")]),
    ...(marks.bound === null ? [] : [one(marks.bound.at, marks.bound.name, mark, "dashed")]),
  ];
}

function shape(
  span: Span, params: CustomSeriesRenderItemParams, api: CustomSeriesRenderItemAPI, colours: Record<SpanKind, string>, critical: Set<string>,
  other: { ink: string; mark: string; panel: string },
): CustomSeriesRenderItemReturn {
  const row = api.value(0);
  const [left, middle] = api.coord([api.value(1), row]) as [number, number];
  const [right] = api.coord([api.value(2), row]) as [number, number];
  const full = (api.size!([0, 1]) as number[])[1]! * 0.68;
  const area = params.coordSys as unknown as { x: number; width: number };
  const from = Math.max(left, area.x);
  const width = Math.max(2, Math.min(right, area.x + area.width) - from);
  if (right < area.x - 1 || left > area.x + area.width + 1) return undefined as unknown as CustomSeriesRenderItemReturn;
  if (span.kind === "landed") {
    return { type: "polygon", shape: { points: [[left, middle - 6], [left + 6, middle], [left, middle + 6], [left - 6, middle]] }, style: { fill: colours.landed, stroke: other.panel, lineWidth: 1 } };
  }
  const thin = span.kind === "wait" || span.kind === "queue";
  const height = thin ? Math.max(3, full * (span.kind === "wait" ? 0.16 : 0.5)) : span.kind === "conflict" ? full * 0.3 : full;
  const top = span.kind === "conflict" ? middle + full / 2 - height : middle - height / 2;
  const children: object[] = [{
    type: "rect", shape: { x: from, y: top, width, height, r: thin ? 1 : 3 },
    style: {
      fill: colours[span.kind], opacity: span.live ? 0.82 : 1,
      ...(critical.has(span.task) && span.kind === "work" ? { stroke: other.mark, lineWidth: 2 } : {}),
      ...(span.kind === "queue" || span.kind === "start" ? { stroke: colours[span.kind === "queue" ? "queue" : "work"], lineWidth: 1 } : {}),
    },
  }];
  if (width > 46 && !thin && !["conflict", "start", "stopped"].includes(span.kind)) {
    children.push({
      type: "text", silent: true,
      style: { x: from + 6, y: middle, text: span.task, fill: other.panel, fontSize: 11, fontWeight: 600, verticalAlign: "middle", width: width - 10, overflow: "truncate" },
    });
  }
  return { type: "group", children } as unknown as CustomSeriesRenderItemReturn;
}
