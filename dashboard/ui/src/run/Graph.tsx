// The graph of a run: every task coloured, marked and named by its state, the critical path marked.
import { useQuery } from "@tanstack/react-query";
import { Background, ControlButton, Controls, MarkerType, MiniMap, ReactFlow, ReactFlowProvider, useReactFlow, type Edge, type Node } from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { ExpandOutlined, FireFilled } from "@ant-design/icons";
import { Button, Input, Select } from "antd";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { api } from "../api/client";
import { STATUSES, type ForecastView } from "../api/types";
import { useLive } from "../live/store";
import { useLook } from "../look/theme";
import { StatusMark } from "../parts/marks";
import { Quiet } from "../parts/Panel";
import { fit } from "../shell/Palette";
import { useKeys } from "../shell/keys";
import { useSay } from "../words";
import { around, draw, SIZE, type Drawn, type Grouping } from "./grouping";
import { Far } from "./Far";
import type { Places } from "./layout";
import { GroupNode, TaskNode } from "./nodes";
import { countsOf, useThen } from "./then";
import { useLayout } from "./useLayout";
import { boundsOf, FAR, LARGE, useNear, withEnds } from "./viewport";

// Not "group": the library draws a frame of its own around nodes of that type.
const NODES = { task: TaskNode, cluster: GroupNode };
const GROUPED_FROM = 500;
const ALL_VISIBLE = 150;
const MAPPED = 40;
const NOWHERE: Places = {};
const ACTIVE = new Set(["RUNNING", "GATING", "PROPOSED", "CONFLICTED"]);

export default function Graph() {
  const { run = "" } = useParams();
  const say = useSay();
  const seq = useLive(run, (state) => (state.run?.seq ?? 0) > 0);
  const { data } = useQuery({ queryKey: ["forecast", run], queryFn: () => api.forecast(run), enabled: seq, staleTime: Infinity });
  return data ? <ReactFlowProvider><Canvas run={run} forecast={data} /></ReactFlowProvider> : <Quiet>{say("graph.laying")}</Quiet>;
}

function Canvas({ run, forecast }: { run: string; forecast: ForecastView }) {
  const say = useSay();
  const go = useNavigate();
  const flow = useReactFlow();
  const { dark } = useLook();
  const [asked, setAsked] = useSearchParams();
  const [query, setQuery] = useState("");
  const grouping = (asked.get("group") ?? (forecast.tasks.length > GROUPED_FROM ? "role" : "none")) as Grouping;
  const critical = asked.get("path") === "critical";
  const focus = asked.get("focus") === "live";
  const active = useLive(run, (state) => (focus ? state.run!.tasks.filter((one) => ACTIVE.has(one.status)).map((one) => one.id).join("\n") : ""));
  const drawn = useMemo(() => {
    const only = focus && active ? around(forecast, new Set(active.split("\n"))) : null;
    return draw(forecast, grouping, only);
  }, [forecast, grouping, focus, active]);
  const laid = useLayout(drawn.asked);
  const found = useMemo(() => findIn(drawn, query), [drawn, query]);
  const places = laid?.asked === drawn.asked ? laid.places : NOWHERE;
  const large = drawn.asked.boxes.length > LARGE;
  const near = useNear(drawn, places, large);
  const { nodes, edges } = useMemo(
    () => elements(run, forecast, drawn, places, critical, found, near),
    [run, forecast, drawn, places, critical, found, near],
  );
  const set = useCallback((key: string, value: string | null) => setAsked((before) => {
    const after = new URLSearchParams(before);
    if (value) after.set(key, value);
    else after.delete(key);
    return after;
  }, { replace: true }), [setAsked]);
  const show = useCallback((names: Iterable<string>, least: number) => {
    const bounds = boundsOf(places, names);
    const { width, height } = board.current?.getBoundingClientRect() ?? { width: 0, height: 0 };
    if (!bounds || !width) return;
    const zoom = Math.min(1.15, Math.max(least, Math.min(width / (bounds.width * 1.12), height / (bounds.height * 1.12))));
    // What does not fit at the least zoom begins at its left, where a run begins.
    const across = bounds.width * zoom > width ? bounds.x - 24 : bounds.x + bounds.width / 2 - width / zoom / 2;
    const down = bounds.height * zoom > height ? bounds.y - 24 : bounds.y + bounds.height / 2 - height / zoom / 2;
    void flow.setViewport({ x: -across * zoom, y: -down * zoom, zoom });
  }, [places, flow]);
  const board = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (places !== NOWHERE) show(Object.keys(places), large ? 0.8 : 0.3);
  }, [places, large, show]);
  const field = useRef<HTMLDivElement>(null);
  useKeys({ "/": () => field.current?.querySelector("input")?.focus() });
  return (
    <section className="graph" aria-label={say("graph.label")}>
      <div className="toolbar" ref={field}>
        <Input.Search allowClear placeholder={say("graph.search")} aria-label={say("graph.search")} value={query} onChange={(event) => setQuery(event.target.value)}
          onSearch={() => show(found, FAR)} />
        <Select value={grouping} onChange={(next) => set("group", next)} aria-label={say("graph.group")} options={(["none", "role", "wave"] as const).map((value) => (
          { value, label: say(`graph.group${value[0]!.toUpperCase()}${value.slice(1)}`) }))} />
        <Button aria-pressed={critical} type={critical ? "primary" : "default"} onClick={() => set("path", critical ? null : "critical")}>{say("graph.criticalOnly")}</Button>
        <Button aria-pressed={focus} type={focus ? "primary" : "default"} onClick={() => set("focus", focus ? null : "live")}>{say("graph.focus")}</Button>
      </div>
      <div className="canvas" ref={board} data-zoom="near">
        <ReactFlow nodes={nodes} edges={edges} nodeTypes={NODES} colorMode={dark ? "dark" : "light"} minZoom={0.02} maxZoom={2} nodesDraggable={false} nodesConnectable={false} edgesFocusable={false}
          onlyRenderVisibleElements={!large && nodes.length > ALL_VISIBLE} proOptions={{ hideAttribution: true }}
          onMove={(_, { zoom }) => board.current?.setAttribute("data-zoom", zoom < 0.45 ? "far" : "near")}
          onPaneClick={({ clientX, clientY }) => {
            const { x, y } = flow.screenToFlowPosition({ x: clientX, y: clientY });
            if (large && flow.getZoom() < FAR) void flow.setCenter(x, y, { zoom: 0.8 });
          }}
          onNodeClick={(_, node) => (node.data.task ? go(`/runs/${run}/tasks/${node.id}`) : set("group", "none"))}
          onKeyDown={(event) => {
            const id = (event.target as HTMLElement).closest<HTMLElement>(".react-flow__node")?.dataset.id;
            if (event.key === "Enter" && id && !drawn.groups[id]?.tasks[1]) go(`/runs/${run}/tasks/${id}`);
          }}
          ariaLabelConfig={{
            "controls.ariaLabel": say("graph.label"), "controls.zoomIn.ariaLabel": say("graph.zoomIn"), "controls.zoomOut.ariaLabel": say("graph.zoomOut"),
            "controls.fitView.ariaLabel": say("graph.fit"), "minimap.ariaLabel": say("graph.map"),
          }}>
          <Background gap={22} />
          <Controls showInteractive={false} showFitView={false}><ControlButton onClick={() => show(Object.keys(places), 0.02)} aria-label={say("graph.fit")} title={say("graph.fit")}><ExpandOutlined aria-hidden /></ControlButton></Controls>
          {large ? <Far run={run} drawn={drawn} places={places} found={found} label={say("graph.map")} /> : null}
          {nodes.length > MAPPED && !large ? <MiniMap pannable zoomable ariaLabel={say("graph.map")} nodeStrokeWidth={0} nodeColor="var(--strong-line)" bgColor="var(--raised)" /> : null}
        </ReactFlow>
        {laid?.asked === drawn.asked ? null : <p className="laying">{say("graph.laying")}</p>}
      </div>
      <Legend run={run} />
    </section>
  );
}

function Legend({ run }: { run: string }) {
  const say = useSay();
  const live = useLive(run, (state) => state.run!.counts);
  const then = useThen();
  const counts = then ? countsOf(then) : live;
  return <p className="legend strip-below" aria-label={say("graph.legend")} role="group">{STATUSES.map((one) => <StatusMark key={one} status={one} count={counts[one] ?? 0} />)}<span className="end mark"><FireFilled className="critical-mark" aria-hidden /> {say("graph.critical")}</span></p>;
}

function findIn(drawn: Drawn, query: string): Set<string> {
  const wanted = query.trim().toLowerCase();
  if (!wanted) return new Set();
  return new Set(Object.values(drawn.groups).filter((group) => group.tasks.some((name) => fit(wanted, name) > 500)).map((group) => group.id));
}

function elements(
  run: string, forecast: ForecastView, drawn: Drawn, places: Places, critical: boolean, found: Set<string>, near: Set<string> | null,
): { nodes: Node[]; edges: Edge[] } {
  const specs = new Map(forecast.tasks.map((one) => [one.id, one]));
  const part = near ? withEnds(drawn, near) : null;
  const nodes = drawn.asked.boxes.filter(({ id }) => places[id] && (!part || part.nodes.has(id))).map(({ id }): Node => {
    const group = drawn.groups[id]!;
    const spec = specs.get(id);
    const single = group.tasks.length === 1 && spec !== undefined;
    const isCritical = drawn.critical.has(id);
    const [x, y] = places[id]!;
    return {
      id, type: single ? "task" : "cluster", position: { x, y }, width: SIZE.width, height: SIZE.height, ariaLabel: spec?.title ? `${id}: ${spec.title}` : id,
      data: {
        run, task: single ? id : undefined, title: spec?.title, role: group.role, tasks: group.tasks, critical: isCritical,
        dim: (critical && !isCritical) || (found.size > 0 && !found.has(id)), found: found.has(id),
      },
    };
  });
  const edges = (part?.edges ?? drawn.asked.edges).map(([source, target]): Edge => {
    const id = `${source}→${target}`;
    const isCritical = drawn.criticalEdges.has(id);
    const colour = isCritical ? "var(--s-conflicted)" : "var(--edge)";
    return {
      id, source, target, focusable: false, className: isCritical ? "critical" : critical ? "dim" : "",
      style: { stroke: colour, strokeWidth: isCritical ? 2.4 : 1.2 }, markerEnd: { type: MarkerType.ArrowClosed, color: colour, width: 14, height: 14 },
    };
  });
  return { nodes, edges };
}
