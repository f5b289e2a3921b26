// The graph of a plan that is being written: drag from one task to another and the second needs the first.
import { FireFilled } from "@ant-design/icons";
import { Background, Controls, Handle, MarkerType, Position, ReactFlow, ReactFlowProvider, useReactFlow, type Edge, type Node, type NodeProps } from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { App } from "antd";
import { memo, useEffect, useMemo } from "react";
import type { ForecastView } from "../api/types";
import { useLook } from "../look/theme";
import { draw, SIZE } from "../run/grouping";
import { useLayout } from "../run/useLayout";
import { useSay } from "../words";
import { wouldCircle } from "./plan";

interface Props {
  forecast: ForecastView;
  chosen: string;
  choose: (task: string) => void;
  connect: (from: string, to: string) => void;
  disconnect: (from: string, to: string) => void;
}

const PlanNode = memo(function PlanNode({ data }: NodeProps) {
  const { id, title, role, critical, chosen } = data as { id: string; title: string; role: string; critical: boolean; chosen: boolean };
  return (
    <div className={`node plan-node tone-waiting${critical ? " critical" : ""}${chosen ? " found" : ""}`} data-task={id}>
      <Handle type="target" position={Position.Left} />
      <p className="node-head"><strong>{id}</strong>{critical ? <FireFilled className="critical-mark" aria-hidden /> : null}</p>
      <p className="node-foot"><span>{role}</span><span className="node-more">{title}</span></p>
      <Handle type="source" position={Position.Right} />
    </div>
  );
});
const NODES = { plan: PlanNode };

export function PlanGraph(props: Props) {
  return <ReactFlowProvider><Canvas {...props} /></ReactFlowProvider>;
}

function Canvas({ forecast, chosen, choose, connect, disconnect }: Props) {
  const say = useSay();
  const { message } = App.useApp();
  const flow = useReactFlow();
  const { dark } = useLook();
  const drawn = useMemo(() => draw(forecast, "none", null), [forecast]);
  const laid = useLayout(drawn.asked);
  const places = laid?.places ?? {};
  const specs = useMemo(() => new Map(forecast.tasks.map((one) => [one.id, one])), [forecast]);
  const nodes = drawn.asked.boxes.filter(({ id }) => places[id]).map(({ id }): Node => ({
    id, type: "plan", position: { x: places[id]![0], y: places[id]![1] }, width: SIZE.width, height: SIZE.height, ariaLabel: id,
    data: { id, title: specs.get(id)?.title, role: specs.get(id)?.role, critical: drawn.critical.has(id), chosen: id === chosen },
  }));
  const edges = drawn.asked.edges.map(([source, target]): Edge => {
    const colour = drawn.criticalEdges.has(`${source}→${target}`) ? "var(--s-conflicted)" : "var(--quiet)";
    return { id: `${source}→${target}`, source, target, ariaLabel: say("desk.connect", { from: source, to: target }), style: { stroke: colour, strokeWidth: 1.6 }, markerEnd: { type: MarkerType.ArrowClosed, color: colour } };
  });
  const count = forecast.tasks.length;
  useEffect(() => {
    if (laid) void flow.fitView({ maxZoom: 1.1, padding: 0.08 });
  }, [laid, count, flow]);
  const join = (from: string | null, to: string | null) => {
    if (!from || !to || from === to) return;
    const needs = Object.fromEntries(forecast.tasks.map((one) => [one.id, one.needs]));
    if (wouldCircle(needs, from, to)) void message.warning(say("desk.circle"));
    else connect(from, to);
  };
  return (
    <ReactFlow nodes={nodes} edges={edges} nodeTypes={NODES} colorMode={dark ? "dark" : "light"} minZoom={0.1} nodesDraggable={false} proOptions={{ hideAttribution: true }}
      onConnect={({ source, target }) => join(source, target)} onNodeClick={(_, node) => choose(node.id)} deleteKeyCode={["Delete", "Backspace"]}
      onEdgesDelete={(gone) => gone.forEach((edge) => disconnect(edge.source, edge.target))} onNodesDelete={() => undefined}
      onKeyDown={(event) => {
        const id = (event.target as HTMLElement).closest<HTMLElement>(".react-flow__node")?.dataset.id;
        if (event.key === "Enter" && id) choose(id);
      }}>
      <Background gap={20} />
      <Controls showInteractive={false} />
    </ReactFlow>
  );
}
