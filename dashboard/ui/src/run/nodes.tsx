// A node of the graph: it follows its own task in the live store, so that a change draws one node and not the graph.
import { FireFilled, RobotOutlined } from "@ant-design/icons";
import { Handle, Position, type NodeProps } from "@xyflow/react";
import { memo } from "react";
import { useLive, useTask } from "../live/store";
import { Elapsed } from "../parts/Elapsed";
import { StateIcon, toneOf } from "../parts/marks";
import { useSay } from "../words";
import { Progress } from "./Progress";
import { useThen } from "./then";

export interface NodeData extends Record<string, unknown> {
  run: string;
  task?: string;
  title?: string;
  role?: string;
  tasks?: string[];
  critical: boolean;
  dim: boolean;
  found: boolean;
}

const classOf = (data: NodeData, tone: string): string =>
  ["node", `tone-${tone}`, data.critical && "critical", data.dim && "dim", data.found && "found"].filter(Boolean).join(" ");

export const TaskNode = memo(function TaskNode({ data: raw }: NodeProps) {
  const data = raw as NodeData;
  const say = useSay();
  const now = useTask(data.run, data.task!);
  const then = useThen();
  const task = then ? undefined : now;
  const status = then ? (then[data.task!] ?? "WAITING") : task?.waiting_for_you ? "NEEDS_YOU" : (task?.status ?? "WAITING");
  return (
    <div className={classOf(data, toneOf(status))} data-task={data.task} data-status={status} title={task?.reason ?? data.title}>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <p className="node-head"><StateIcon state={status} /><strong>{data.task}</strong>{now?.simulated ? <RobotOutlined className="node-robot" title={say("simulated")} /> : null}{data.critical ? <FireFilled className="critical-mark" title={say("graph.critical")} /> : null}</p>
      <p className="node-foot">
        <span>{say(`status.${status}`)}</span>
        <span className="node-more">{task?.live ? <>{task.window} · <Elapsed since={task.since ?? 0} /></> : (data.title || data.role)}</span>
      </p>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
});

export const GroupNode = memo(function GroupNode({ id, data: raw }: NodeProps) {
  const data = raw as NodeData;
  const say = useSay();
  const then = useThen();
  const counts = useLive(data.run, (state) => countsOf(data.tasks!, (name) => (then ? then[name] : state.tasks[name]?.status)));
  const parts = Object.fromEntries(counts.split(" ").filter(Boolean).map((one) => {
    const [status, count] = one.split(":");
    return [status!, Number(count)];
  }));
  return (
    <div className={classOf(data, "waiting")} data-group={id}>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <p className="node-head"><strong>{id}</strong><span className="end">{say("graph.tasks", { count: data.tasks!.length })}</span></p>
      <Progress counts={parts} label={Object.entries(parts).map(([status, count]) => `${say(`status.${status}`)} ${count}`).join(", ")} />
      <p className="node-foot">{Object.entries(parts).map(([status, count]) => (
        <span key={status} className={`mark tone-${toneOf(status)}`} title={say(`status.${status}`)}><StateIcon state={status} />{count}</span>))}</p>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
});

function countsOf(tasks: string[], statusOf: (name: string) => string | undefined): string {
  const counts: Record<string, number> = {};
  for (const name of tasks) {
    const status = statusOf(name) ?? "WAITING";
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return Object.entries(counts).map(([status, count]) => `${status}:${count}`).join(" ");
}
