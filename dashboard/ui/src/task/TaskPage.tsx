// One task: what is asked, what its agent says and changes, every attempt, and the ways to steer it.
import { LeftOutlined, RightOutlined, SendOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Input, Segmented } from "antd";
import { useEffect, useState } from "react";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { api } from "../api/client";
import type { TaskDetail } from "../api/types";
import { useLive, useTask } from "../live/store";
import { DiffView } from "../parts/DiffView";
import { Elapsed } from "../parts/Elapsed";
import { Simulated, StatusMark } from "../parts/marks";
import { Panel, Quiet } from "../parts/Panel";
import { Questions } from "../parts/Question";
import { useIntend } from "../parts/steer";
import { Deeds } from "../run/TaskTable";
import { useKeys } from "../shell/keys";
import { reasonOf, useSay } from "../words";
import { Attempts, Facts, Failure, Gates } from "./Facts";
import { Transcript } from "./Transcript";

export default function TaskPage() {
  const { run = "", task = "" } = useParams();
  const say = useSay();
  const seq = useLive(run, (state) => state.run!.seq);
  const { data, error, refetch } = useQuery({ queryKey: ["task", run, task], queryFn: () => api.task(run, task) });
  useEffect(() => {
    const timer = window.setTimeout(() => void refetch(), 500);
    return () => clearTimeout(timer);
  }, [seq, refetch]);
  if (error && !data) return <Alert type="error" showIcon title={error.message} />;
  return data ? <Shown run={run} detail={data} /> : <Quiet>{say("loading")}</Quiet>;
}

function Shown({ run, detail }: { run: string; detail: TaskDetail }) {
  const say = useSay();
  const go = useNavigate();
  const task = useTask(run, detail.id) ?? detail;
  const order = useLive(run, (state) => state.run!.tasks);
  const questions = useLive(run, (state) => state.run!.questions).filter((one) => one.task === detail.id);
  const [asked, setAsked] = useSearchParams();
  const view = asked.get("view") === "changes" ? "changes" : "transcript";
  const at = order.findIndex((one) => one.id === detail.id);
  const step = (by: number) => order[at + by] && go(`/runs/${run}/tasks/${order[at + by]!.id}`);
  useKeys({ j: () => step(1), k: () => step(-1), s: () => document.querySelector<HTMLElement>(".steer textarea")?.focus() });
  return (
    <article className="task" data-task={detail.id}>
      <header className="task-head">
        <h2>{detail.id}</h2>
        <StatusMark status={task.waiting_for_you ? "NEEDS_YOU" : task.status} />
        {detail.simulated ? <Simulated /> : null}
        <span className="task-title">{detail.title}</span>
        {task.live && task.since ? <span className="quiet">{task.window} · <Elapsed since={task.since} /></span> : null}
        <span className="end deeds">
          <Deeds run={run} task={task} size="middle" />
          <Button icon={<LeftOutlined aria-hidden />} aria-label={say("task.previous")} disabled={at <= 0} onClick={() => step(-1)} />
          <Button icon={<RightOutlined aria-hidden />} aria-label={say("task.next")} disabled={at >= order.length - 1} onClick={() => step(1)} />
        </span>
        <p className="task-reason">{questions.length ? null : reasonOf(say, task)}{task.note ? <span className="note">{task.note}</span> : null}</p>
      </header>
      {questions.length ? <Panel title={say("overview.needsYou")} className="needs"><Questions run={run} questions={questions} /></Panel> : null}
      <div className="task-body">
        <div className="task-main">
          <Segmented value={view} onChange={(next) => setAsked({ view: next }, { replace: true })} aria-label={say("task.title")}
            options={[{ value: "transcript", label: say("task.transcript") }, { value: "changes", label: say("task.changes") }]} />
          {view === "transcript"
            ? <Transcript run={run} task={detail.id} attempts={detail.history} />
            : <Panel title={say("task.changes")} className="changes"><DiffView diff={detail.diff} /></Panel>}
          {task.live ? <Steer run={run} detail={detail} /> : null}
        </div>
        <aside className="task-side" aria-label={say("task.overview")}>
          {detail.failure && !task.live ? <Panel title={say("task.failure")} className="tone-failed"><Failure failure={detail.failure} /></Panel> : null}
          <Panel title={say("task.overview")}><Facts run={run} detail={detail} /></Panel>
          <Panel title={say("task.attempts")}><Attempts detail={detail} /></Panel>
          {detail.gates.length ? <Panel title={say("task.gates")}><Gates run={run} gates={detail.gates} /></Panel> : null}
        </aside>
      </div>
    </article>
  );
}

function Steer({ run, detail }: { run: string; detail: TaskDetail }) {
  const say = useSay();
  const intend = useIntend(run);
  const [text, setText] = useState("");
  const send = async () => {
    if (text.trim() && (await intend({ kind: "SteerTask", task: detail.id, text }))) setText("");
  };
  return (
    <form className="steer" onSubmit={(event) => {
      event.preventDefault();
      void send();
    }}>
      <Input.TextArea value={text} rows={2} onChange={(event) => setText(event.target.value)} aria-label={say("task.steerLabel")} placeholder={say("task.steerHint")}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) void send();
        }} />
      <Button type="primary" htmlType="submit" icon={<SendOutlined aria-hidden />}>{say("task.steerSend")}</Button>
    </form>
  );
}
