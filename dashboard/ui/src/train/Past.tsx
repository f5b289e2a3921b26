// What the train has done: its gates with what they print, live, and the candidates that left it without landing.
import { useQuery } from "@tanstack/react-query";
import { Checkbox } from "antd";
import { useEffect, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { api } from "../api/client";
import type { RunView, TimelineView } from "../api/types";
import { Elapsed } from "../parts/Elapsed";
import { LineList, useLines } from "../parts/Lines";
import { StateIcon, toneOf, verdictOf } from "../parts/marks";
import { Panel, Quiet } from "../parts/Panel";
import { clockOf, lengthOf, useSay } from "../words";

type Gate = TimelineView["gates"][number];

const MOST = 100;

export function Past({ run }: { run: RunView }) {
  const say = useSay();
  const [asked] = useSearchParams();
  const { data, refetch } = useQuery({ queryKey: ["timeline", run.run], queryFn: () => api.timeline(run.run) });
  useEffect(() => {
    const timer = window.setTimeout(() => void refetch(), 700);
    return () => clearTimeout(timer);
  }, [run.seq, refetch]);
  const gates = [...(data?.gates ?? [])].sort((one, other) => other.since - one.since);
  const told = gates.filter((one) => !one.carried);
  const chosen = told.find((one) => one.commit === asked.get("gate")) ?? told.find((one) => one.passed === null && !one.stopped) ?? told[0];
  return (
    <>
      <div className="train-past">
        <Panel title={say("train.gates")}>{gates.length ? <Gates run={run.run} gates={gates.slice(0, MOST)} chosen={chosen} /> : <Quiet>{say("train.noGates")}</Quiet>}</Panel>
        {chosen ? <Output key={chosen.commit} run={run.run} gate={chosen} /> : null}
      </div>
      {data?.drops.length ? <Panel title={say("train.left")}><Drops run={run.run} drops={data.drops} /></Panel> : null}
    </>
  );
}

function Gates({ run, gates, chosen }: { run: string; gates: Gate[]; chosen: Gate | undefined }) {
  const say = useSay();
  return (
    <table className="table">
      <thead><tr>{["when", "candidate", "result", "took", "output"].map((one) => <th key={one} scope="col">{say(`train.${one}`)}</th>)}</tr></thead>
      <tbody>
        {gates.map((one) => {
          const [state, word] = verdictOf(one);
          return (
            <tr key={`${one.candidate}/${one.since}`} data-gate={one.commit} className={one === chosen ? "chosen" : ""}>
              <td>{clockOf(one.since)}</td>
              <th scope="row"><Link to={`/runs/${run}/tasks/${one.task}`}>{one.task}</Link></th>
              <td><span className={`mark tone-${toneOf(state)}`}><StateIcon state={state} /><span>{say(word)}{one.gate ? `: ${one.gate}` : ""}{one.carried ? ` · ${say("gate.carried")}` : ""}</span></span></td>
              <td>{one.seconds === null ? <Elapsed since={one.since} /> : lengthOf(one.seconds)}</td>
              <td>{one.carried ? "" : <Link to={`?gate=${one.commit}`} replace aria-label={`${say("train.output")}: ${one.task}, ${one.commit.slice(0, 10)}`} aria-current={one === chosen || undefined}><code>{one.commit.slice(0, 10)}</code></Link>}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Output({ run, gate }: { run: string; gate: Gate }) {
  const say = useSay();
  const [follow, setFollow] = useState(true);
  const running = gate.passed === null && !gate.stopped;
  const lines = useLines(`${run}/${gate.commit}`, running, (after) => api.gateOutput(run, gate.commit, after).then((page) => page.lines));
  const [state, word] = verdictOf(gate);
  return (
    <Panel title={say("train.outputOf", { task: gate.task })} className="gate-output" extra={(
      <>
        <span className={`mark tone-${toneOf(state)}`}><StateIcon state={state} /><span>{say(word)}</span></span>
        <Checkbox checked={follow} onChange={(event) => setFollow(event.target.checked)}>{say("task.follow")}</Checkbox>
      </>
    )}>
      {lines.length ? <LineList lines={lines} label={say("train.outputOf", { task: gate.task })} wrap follow={follow} /> : <Quiet>{say(running ? "train.silent" : "train.noOutput")}</Quiet>}
    </Panel>
  );
}

function Drops({ run, drops }: { run: string; drops: TimelineView["drops"] }) {
  const say = useSay();
  return (
    <table className="table">
      <thead><tr>{["when", "candidate", "why"].map((one) => <th key={one} scope="col">{say(`train.${one}`)}</th>)}</tr></thead>
      <tbody>
        {[...drops].reverse().map((one) => (
          <tr key={`${one.candidate}/${one.at}`} data-dropped={one.candidate}>
            <td>{clockOf(one.at)}</td>
            <th scope="row">{one.task ? <Link to={`/runs/${run}/tasks/${one.task}`}>{one.task}</Link> : one.candidate}</th>
            <td><strong>{one.kind}</strong> {one.detail}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
