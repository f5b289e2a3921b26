// The head of the train, in the order in which it would land.
import { Link } from "react-router";
import type { CandidateView, RunView } from "../api/types";
import { StateIcon, toneOf } from "../parts/marks";
import { Quiet } from "../parts/Panel";
import { useSay, type Say } from "../words";

export function stateOf(one: CandidateView): string {
  if (one.conflicts) return "CONFLICTED";
  if (one.landing || one.gate === "green") return "LANDED";
  return one.gate === "red" ? "FAILED" : one.gate === "running" ? "GATING" : "PROPOSED";
}

export function wordOf(say: Say, one: CandidateView): string {
  if (one.conflicts) return say("run.conflictIn", { count: one.conflicts });
  const word = one.landing ? say("gate.landing") : say(`gate.${one.gate}`);
  return one.carried ? `${word} · ${say("gate.carried")}` : word;
}

export function Train({ run }: { run: RunView }) {
  const say = useSay();
  if (!run.train.length) return <Quiet>{say("run.emptyTrain")}</Quiet>;
  return (
    <ol className="train">
      {run.train.map((one) => (
        <li key={one.candidate} data-candidate={one.candidate}>
          {one.task ? <Link to={`/runs/${run.run}/tasks/${one.task}`}>{one.task}</Link> : <span>{say("run.userCommits", { trunk: run.trunk.branch })}</span>}
          <span className={`mark tone-${toneOf(stateOf(one))}`}><StateIcon state={stateOf(one)} /><span>{wordOf(say, one)}</span></span>
        </li>
      ))}
    </ol>
  );
}
