// One run: how it stands, what needs a person, and its views, each at an address of its own.
import { PauseOutlined, PlayCircleOutlined, StopOutlined } from "@ant-design/icons";
import { Alert, Button } from "antd";
import { Suspense, useEffect } from "react";
import { NavLink, Outlet, useLocation, useParams } from "react-router";
import { isEnded, type RunView } from "../api/types";
import { ExportMenu } from "../export/ExportMenu";
import { useFollow, useLive } from "../live/store";
import { Elapsed, useNow } from "../parts/Elapsed";
import { Figures } from "../parts/Figures";
import { Simulated, StatusMark } from "../parts/marks";
import { Panel, Quiet } from "../parts/Panel";
import { Questions } from "../parts/Question";
import { useIntend, useRefusals, useSure } from "../parts/steer";
import { useKeys } from "../shell/keys";
import { clockOf, dateOf, lengthOf, useSay } from "../words";
import { Activity } from "./Activity";
import { openConflicts, readyOf, windowsOf } from "./facts";
import { Progress } from "./Progress";
import { spendOf, Spent } from "./Spent";
import { Train } from "./Train";
import { Windows } from "./Windows";

export const VIEWS = ["graph", "lanes", "tasks", "conflicts", "train", "log", "replay"] as const;
const ONE_TASK = /\/tasks\/./;
const WIDE = /\/(tasks\/|conflicts|train|log|replay)/;

export function RunPage() {
  const { run: name = "" } = useParams();
  const say = useSay();
  useFollow(name);
  useRefusals(name);
  const run = useLive(name, (state) => state.run);
  const error = useLive(name, (state) => state.error);
  const at = useLocation().pathname;
  const [wide, slim] = [WIDE.test(at), ONE_TASK.test(at) || at.endsWith("/replay")];
  useEffect(() => {
    if (!run) return;
    const open = run.questions.length;
    document.title = `${open ? `(${open}) ` : ""}${run.name || run.run} · ${say(`runStatus.${run.status}`)} · Tianting`;
  }, [run, say]);
  if (!run) return <div className="page"><h1 className="unseen">{name}</h1>{error ? <Alert type="error" title={error} showIcon /> : <Quiet>{say("loading")}</Quiet>}</div>;
  // The conflicts' own view has their questions where their sides are.
  const questions = slim ? [] : run.questions.filter((one) => one.about !== "conflict" || !at.includes("/conflicts"));
  return (
    <div className="page run">
      <Head run={run} slim={slim} />
      {error ? <Alert type="warning" title={error} showIcon banner /> : null}
      <Notices run={run} />
      {questions.length ? <Panel title={say("overview.needsYou")} className="needs"><Questions run={run.run} questions={questions} /></Panel> : null}
      <nav className="tabs" aria-label={say("run.views")}>
        {VIEWS.map((view) => (
          <NavLink key={view} to={`/runs/${name}/${view}`} end={view !== "tasks"}>
            {view === "conflicts" ? say("run.conflictsTab") : say(`run.${view}`)}
            <Count view={view} run={run} />
          </NavLink>
        ))}
      </nav>
      <div className={wide ? "run-body wide" : "run-body"}>
        <div className="run-main"><Suspense fallback={<Quiet>{say("loading")}</Quiet>}><Outlet /></Suspense></div>
        {wide ? null : (
          <div className="run-side">
            <Panel title={say("run.windows")}><Windows run={run} /></Panel>
            <Panel title={say("run.train")}><Train run={run} /></Panel>
            {run.spent.length ? <Panel title={say("run.spent")}><Spent spent={run.spent} /></Panel> : null}
            <Activity run={name} title={say("run.activity")} />
          </div>
        )}
      </div>
    </div>
  );
}

function Count({ view, run }: { view: string; run: RunView }) {
  const count = view === "tasks" ? run.tasks.length : view === "conflicts" ? openConflicts(run) : view === "train" ? run.train.length : 0;
  return count ? <span className={view === "conflicts" ? "tab-count tone-conflicted" : "tab-count"}>{count}</span> : null;
}

function Head({ run, slim }: { run: RunView; slim: boolean }) {
  const say = useSay();
  const intend = useIntend(run.run);
  const sure = useSure();
  const ended = isEnded(run.status);
  const toggle = () => void intend({ kind: run.paused ? "ResumeRun" : "PauseRun" });
  const cancel = async () => {
    if (await sure(say("run.cancelTitle"), say("run.cancelText"), say("run.cancelRun"))) void intend({ kind: "CancelRun" });
  };
  useKeys({ p: () => !ended && toggle(), X: () => !ended && !run.cancelled && cancel() });
  return (
    <header className="run-head">
      <div className="run-title">
        <h1 tabIndex={-1}>{run.name || run.run}</h1>
        <StatusMark status={run.status} />
        {run.simulated ? <><Simulated /><span className="quiet">{say("run.simulatedRun")}</span></> : null}
        <span className="quiet">{say("run.onto", { trunk: run.trunk.branch })}{run.started ? ` · ${say("run.started", { when: dateOf(run.started) })}` : ""}</span>
        <div className="run-steer" role="group" aria-label={say("run.actions")}>
          <ExportMenu run={run} />
          {ended ? null : run.paused
            ? <Button icon={<PlayCircleOutlined aria-hidden />} onClick={toggle}>{say("run.resume")}</Button>
            : <Button icon={<PauseOutlined aria-hidden />} onClick={toggle} aria-keyshortcuts="p">{say("run.pause")}</Button>}
          {ended || run.cancelled ? null : <Button danger icon={<StopOutlined aria-hidden />} onClick={() => void cancel()}>{say("run.cancelRun")}</Button>}
        </div>
      </div>
      {slim ? null : <RunFigures run={run} />}
      <Progress counts={run.counts} label={`${say("overview.landed")}: ${say("of", { part: run.counts.LANDED ?? 0, whole: run.tasks.length })}`} />
    </header>
  );
}

function RunFigures({ run }: { run: RunView }) {
  const say = useSay();
  const now = useNow();
  const { busy, idle, asking } = windowsOf(run);
  const ended = isEnded(run.status);
  const conflicts = openConflicts(run);
  return (
    <Figures label={say("overview.progress")} figures={[
      { name: say("overview.landed"), value: say("of", { part: run.counts.LANDED ?? 0, whole: run.tasks.length }) },
      { name: say("overview.windowsBusy"), value: busy, note: [`${idle} ${say("overview.windowsIdle")}`, ...(asking ? [`${asking} ${say("overview.asking")}`] : [])].join(" · ") },
      { name: say("overview.concurrency"), value: `${busy + asking} / ${run.limits.windows}`, title: say("overview.concurrencyHint"), note: `${readyOf(run)} ${say("overview.ready")}` },
      { name: say("overview.queue"), value: run.train.length },
      { name: say("overview.conflicts"), value: conflicts, tone: conflicts ? "conflicted" : undefined, note: `${run.resolved} ${say("overview.resolved")}` },
      spendOf(say, [run]),
      { name: say("run.duration"), value: run.started ? <Elapsed since={run.started} until={ended ? run.ts : null} /> : "–" },
      ...(ended ? [] : [{ name: say("overview.eta"), value: lengthOf(run.remaining), note: clockOf(now + run.remaining), title: say("overview.etaHint") }]),
    ]} />
  );
}

function Notices({ run }: { run: RunView }) {
  const say = useSay();
  const orphan = !run.led && !isEnded(run.status) && run.seq > 0;
  return (
    <>
      {orphan ? <Alert type="warning" showIcon banner title={say("run.notLed", { run: run.run })} /> : null}
      {run.refused ? <Alert type="error" showIcon banner title={run.refused} /> : null}
    </>
  );
}
