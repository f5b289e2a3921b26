// Every task in one row, in the order of the plan (rows never jump), with the reason why it is where it is.
import { FireFilled, SearchOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Input, type InputRef } from "antd";
import { memo, useEffect, useMemo, useRef, useState } from "react";
import { Link, useNavigate, useParams, useSearchParams } from "react-router";
import { TableVirtuoso, type TableVirtuosoHandle } from "react-virtuoso";
import { api } from "../api/client";
import { STATUSES, type TaskView } from "../api/types";
import { useLive } from "../live/store";
import { Elapsed } from "../parts/Elapsed";
import { Simulated, StatusMark } from "../parts/marks";
import { Quiet } from "../parts/Panel";
import { useIntend, useSure } from "../parts/steer";
import { fit } from "../shell/Palette";
import { useKeys } from "../shell/keys";
import { lengthOf, reasonOf, useSay } from "../words";

export default function TaskTable() {
  const { run = "" } = useParams();
  const say = useSay();
  const go = useNavigate();
  const [asked, setAsked] = useSearchParams();
  const tasks = useLive(run, (state) => state.run!.tasks);
  const counts = useLive(run, (state) => state.run!.counts);
  const { data: forecast } = useQuery({ queryKey: ["forecast", run], queryFn: () => api.forecast(run), staleTime: Infinity });
  const { data: timeline } = useQuery({ queryKey: ["timeline", run], queryFn: () => api.timeline(run), refetchInterval: 5000 });
  const critical = useMemo(() => new Set(forecast?.critical_path), [forecast]);
  const spent = useMemo(() => {
    const sums: Record<string, number> = {};
    for (const bar of timeline?.bars ?? []) if (bar.ended) sums[bar.task] = (sums[bar.task] ?? 0) + bar.ended - bar.dispatched;
    return sums;
  }, [timeline]);
  const only = new Set((asked.get("status") ?? "").split(",").filter(Boolean));
  const query = asked.get("q") ?? "";
  const rows = tasks.filter((one) => fits(one, only, query.toLowerCase()));
  const [at, setAt] = useState(-1);
  const list = useRef<TableVirtuosoHandle>(null);
  const field = useRef<InputRef>(null);
  const move = (by: number) => setAt((before) => Math.max(0, Math.min(rows.length - 1, before + by)));
  useEffect(() => {
    if (at >= 0) list.current?.scrollIntoView({ index: at });
  }, [at]);
  useKeys({
    j: () => move(1), k: () => move(-1), "/": () => field.current?.focus(),
    Enter: () => {
      if (!rows[at] || /^(A|BUTTON|SUMMARY)$/.test(document.activeElement?.tagName ?? "")) return false;
      return go(`/runs/${run}/tasks/${rows[at].id}`);
    },
  });
  const set = (key: string, value: string) => setAsked((before) => {
    const after = new URLSearchParams(before);
    if (value) after.set(key, value);
    else after.delete(key);
    return after;
  }, { replace: true });
  const toggle = (status: string) => {
    const next = new Set(only);
    if (!next.delete(status)) next.add(status);
    set("status", [...next].join(","));
  };
  return (
    <section className="tasks" aria-label={say("run.tasks")}>
      <div className="toolbar">
        <Input ref={field} allowClear prefix={<SearchOutlined aria-hidden />} value={query} onChange={(event) => set("q", event.target.value)} placeholder={say("graph.search")} aria-label={say("graph.search")} />
        <div className="chips" role="group" aria-label={say("table.filter")}>
          {STATUSES.filter((one) => counts[one]).map((one) => (
            <button key={one} type="button" className="chip" aria-pressed={only.has(one)} onClick={() => toggle(one)}><StatusMark status={one} count={counts[one]} /></button>
          ))}
        </div>
        <span className="quiet end" role="status">{say("table.shown", { shown: rows.length, total: tasks.length })}</span>
      </div>
      {rows.length ? (
        <TableVirtuoso ref={list} className="task-table" data={rows} computeItemKey={(_, one) => one.id} increaseViewportBy={300}
          fixedHeaderContent={() => (
            <tr>{["status", "task", "reason", "window", "role", "attempts", "time", "actions"].map((one) => <th key={one} scope="col" className={`col-${one}`}>{say(`table.${one}`)}</th>)}</tr>
          )}
          components={ROWS} context={{ at, rows }}
          itemContent={(_, one) => <Row run={run} task={one} critical={critical.has(one.id)} spent={spent[one.id] ?? 0} />} />
      ) : <Quiet>{say("table.empty")}</Quiet>}
    </section>
  );
}

const ROWS = {
  TableRow: ({ item, context, ...rest }: { item: TaskView; context?: { at: number; rows: TaskView[] } }) => (
    <tr {...rest} data-task={item.id} className={context?.rows[context.at] === item ? "chosen" : ""} aria-current={context?.rows[context.at] === item || undefined} />
  ),
};

function fits(task: TaskView, only: Set<string>, query: string): boolean {
  if (only.size && !only.has(task.status)) return false;
  return !query || fit(query, task.id) > 500 || fit(query, task.title) > 500;
}

const Row = memo(function Row({ run, task, critical, spent }: { run: string; task: TaskView; critical: boolean; spent: number }) {
  const say = useSay();
  return (
    <>
      <td className="col-status"><StatusMark status={task.waiting_for_you ? "NEEDS_YOU" : task.status} /></td>
      <th scope="row" className="col-task">
        <Link to={`/runs/${run}/tasks/${task.id}`}>{task.id}</Link>
        {critical ? <FireFilled className="critical-mark" title={say("table.criticalMark")} aria-label={say("table.criticalMark")} /> : null}
        {task.simulated ? <Simulated /> : null}
        <span className="task-title">{task.title}</span>
      </th>
      <td className="col-reason"><span title={task.reason ?? undefined}>{reasonOf(say, task)}</span>{task.note ? <span className="note">{task.note}</span> : null}</td>
      <td className="col-window">{task.live ? <code>{task.window}</code> : ""}</td>
      <td className="col-role">{task.role}</td>
      <td className="col-attempts number">{task.attempts || ""}</td>
      <td className="col-time number">{task.live && task.since ? <Elapsed since={task.since - spent} /> : spent ? lengthOf(spent) : ""}</td>
      <td className="col-actions"><Deeds run={run} task={task} /></td>
    </>
  );
});

export function Deeds({ run, task, size = "small" }: { run: string; task: TaskView; size?: "small" | "middle" }) {
  const say = useSay();
  const intend = useIntend(run);
  const sure = useSure();
  const again = ["FAILED", "CANCELLED", "CONFLICTED"].includes(task.status);
  const cancel = async () => {
    if (await sure(say("table.cancelTitle", { task: task.id }), say("table.cancelText"), say("table.cancel"))) void intend({ kind: "CancelTask", task: task.id });
  };
  if (task.status === "LANDED") return null;
  const type = size === "small" ? "text" : "default";
  return (
    <>
      {again ? <Button size={size} type={type} aria-label={`${say("table.retry")}: ${task.id}`} onClick={() => void intend({ kind: "RetryTask", task: task.id })}>{say("table.retry")}</Button> : null}
      {again && task.status !== "CONFLICTED" ? null : <Button size={size} type={type} danger aria-label={`${say("table.cancel")}: ${task.id}`} onClick={() => void cancel()}>{say("table.cancel")}</Button>}
    </>
  );
}
