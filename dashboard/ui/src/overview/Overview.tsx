// All runs at one glance: what needs a person first, then what is at work, then what has been.
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link } from "react-router";
import { api } from "../api/client";
import { isEnded, type RunSummary, type RunView } from "../api/types";
import { useRuns } from "../live/store";
import { Elapsed, useNow } from "../parts/Elapsed";
import { Figures } from "../parts/Figures";
import { Simulated, StatusMark } from "../parts/marks";
import { Panel, Quiet } from "../parts/Panel";
import { Questions } from "../parts/Question";
import { openConflicts, readyOf, windowsOf } from "../run/facts";
import { Progress } from "../run/Progress";
import { spendOf } from "../run/Spent";
import { WindowStrip } from "../run/Windows";
import { clockOf, dateOf, lengthOf, moneyOf, useSay, type Say } from "../words";

const FOLLOWED = 12;

export function Overview() {
  const say = useSay();
  const { data } = useQuery({ queryKey: ["runs"], queryFn: api.runs, refetchInterval: 5000 });
  const all = data?.runs ?? [];
  const active = all.filter((one) => !isEnded(one.status));
  const past = all.filter((one) => isEnded(one.status));
  const runs = useRuns(active.slice(0, FOLLOWED).map((one) => one.run));
  const asking = runs.filter((one) => one.questions.length);
  useEffect(() => {
    const open = asking.reduce((sum, one) => sum + one.questions.length, 0);
    document.title = `${open ? `(${open}) ` : ""}${say("overview.title")} · Tianting`;
  });
  if (data && !all.length) return <Nothing />;
  return (
    <div className="page overview">
      <h1 className="unseen">{say("overview.title")}</h1>
      {asking.length ? (
        <Panel title={say("overview.needsYou")} className="needs">
          {asking.map((one) => <Questions key={one.run} run={one.run} questions={one.questions} named />)}
        </Panel>
      ) : null}
      {runs.length ? <Totals runs={runs} /> : null}
      <Panel title={say("overview.activeRuns")}>
        {data && !active.length ? <Quiet>{say("overview.noActive")}</Quiet> : null}
        <div className="cards">{active.map((one) => {
          const read = runs.find((each) => each.run === one.run);
          return read ? <Card key={one.run} run={read} /> : <Short key={one.run} run={one} />;
        })}</div>
      </Panel>
      <Panel title={say("overview.pastRuns")}>
        {past.length ? <Past runs={past} say={say} /> : <Quiet>{say("overview.noPast")}</Quiet>}
      </Panel>
    </div>
  );
}

function Nothing() {
  const say = useSay();
  return (
    <div className="page nothing">
      <h1>{say("overview.nothingTitle")}</h1>
      <p>{say("overview.nothingText")}</p>
      <pre><code>tianting run plan.yaml</code></pre>
    </div>
  );
}

function Totals({ runs }: { runs: RunView[] }) {
  const say = useSay();
  const sum = (of: (run: RunView) => number) => runs.reduce((total, one) => total + of(one), 0);
  const now = useNow();
  const asking = sum((one) => one.questions.length);
  const remaining = Math.max(...runs.map((one) => one.remaining));
  const conflicts = sum(openConflicts);
  return (
    <Figures label={say("overview.title")} figures={[
      { name: say("overview.waitingForYou"), value: asking, tone: asking ? "needs" : undefined, note: asking ? undefined : say("overview.allQuiet") },
      { name: say("overview.windowsBusy"), value: sum((one) => windowsOf(one).busy), note: `${sum((one) => windowsOf(one).idle)} ${say("overview.windowsIdle")}` },
      {
        name: say("overview.concurrency"), title: say("overview.concurrencyHint"),
        value: `${sum((one) => one.windows.filter((window) => window.task).length)} / ${sum((one) => one.limits.windows)}`,
        note: `${sum(readyOf)} ${say("overview.ready")}`,
      },
      { name: say("overview.queue"), value: sum((one) => one.train.length) },
      { name: say("overview.conflicts"), value: conflicts, tone: conflicts ? "conflicted" : undefined, note: `${sum((one) => one.resolved)} ${say("overview.resolved")}` },
      { name: say("overview.landed"), value: say("of", { part: sum((one) => one.counts.LANDED ?? 0), whole: sum((one) => one.tasks.length) }) },
      spendOf(say, runs),
      { name: say("overview.eta"), value: lengthOf(remaining), note: clockOf(now + remaining), title: say("overview.etaHint") },
    ]} />
  );
}

/** What the list of runs says of one, until it is read, or where it can not be. */
function Short({ run }: { run: RunSummary }) {
  const say = useSay();
  return (
    <article className="card" data-run={run.run}>
      <header>
        <h3><Link to={`/runs/${run.run}`}>{run.name || run.run}</Link></h3>
        <StatusMark status={run.status} />
        {run.simulated ? <Simulated /> : null}
        <code className="quiet">{run.run}</code>
      </header>
      <p className="card-facts"><span>{say("overview.landed")} <strong>{say("of", { part: run.landed, whole: run.tasks })}</strong></span></p>
    </article>
  );
}

function Card({ run }: { run: RunView }) {
  const say = useSay();
  const landed = say("of", { part: run.counts.LANDED ?? 0, whole: run.tasks.length });
  return (
    <article className="card" data-run={run.run}>
      <header>
        <h3><Link to={`/runs/${run.run}`}>{run.name || run.run}</Link></h3>
        <StatusMark status={run.status} />
        {run.simulated ? <Simulated /> : null}
        <code className="quiet">{run.run}</code>
        <span className="quiet end">{run.started ? <Elapsed since={run.started} /> : null}</span>
      </header>
      <Progress counts={run.counts} label={`${say("overview.landed")}: ${landed}`} />
      <p className="card-facts">
        <span>{say("overview.landed")} <strong>{landed}</strong></span>
        <span>{say("overview.queue")} <strong>{run.train.length}</strong></span>
        <span>{say("overview.spend")} <strong>{run.limits.usd === null ? moneyOf(run.cost.usd) : say("of", { part: moneyOf(run.cost.usd), whole: moneyOf(run.limits.usd) })}</strong></span>
        <span title={say("overview.etaHint")}>{say("overview.eta")} <strong>{lengthOf(run.remaining)}</strong></span>
        <span>{say("run.onto", { trunk: run.trunk.branch })}</span>
      </p>
      <WindowStrip run={run} />
    </article>
  );
}

function Past({ runs, say }: { runs: RunSummary[]; say: Say }) {
  return (
    <table className="table">
      <thead>
        <tr>
          <th scope="col">{say("overview.state")}</th><th scope="col">{say("overview.name")}</th><th scope="col">{say("overview.landed")}</th>
          <th scope="col">{say("overview.begun")}</th><th scope="col">{say("overview.repository")}</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((one) => (
          <tr key={one.run} data-run={one.run}>
            <td><StatusMark status={one.status} /></td>
            <th scope="row"><Link to={`/runs/${one.run}`}>{one.name || one.run}</Link> <code className="quiet">{one.run}</code> {one.simulated ? <Simulated /> : null}</th>
            <td>{say("of", { part: one.landed, whole: one.tasks })}</td>
            <td>{dateOf(one.created)}</td>
            <td><code>{one.repository}</code></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
