// The train: who would land next, on top of what, how their gates go; and the ways to change its order.
import { ArrowDownOutlined, ArrowUpOutlined, DeleteOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { Link, useParams } from "react-router";
import type { CandidateView, RunView } from "../api/types";
import { useLive } from "../live/store";
import { StateIcon, toneOf } from "../parts/marks";
import { Panel, Quiet } from "../parts/Panel";
import { useIntend, useSure } from "../parts/steer";
import { stateOf, wordOf } from "../run/Train";
import { useSay } from "../words";
import { Past } from "./Past";

const COLUMNS = ["place", "candidate", "lane", "gate", "onto", "commit", "head", "actions"];

export default function TrainPage() {
  const { run: name = "" } = useParams();
  const say = useSay();
  const run = useLive(name, (state) => state.run!);
  return (
    <div className="train-page">
      <Panel title={say("train.title")} extra={<><span className="quiet">{say("train.trunk")} <code>{run.trunk.branch}</code></span> <code title={run.trunk.now}>{run.trunk.now.slice(0, 10)}</code></>}>
        <p className="hint">{say("train.hint")}</p>
        {run.train.length ? <Candidates run={run} /> : <Quiet>{say("run.emptyTrain")}</Quiet>}
      </Panel>
      <Past run={run} />
    </div>
  );
}

function Candidates({ run }: { run: RunView }) {
  const say = useSay();
  const intend = useIntend(run.run);
  const order = run.train.map((one) => one.candidate);
  const move = (at: number, by: number) => {
    const next = [...order];
    next.splice(at + by, 0, ...next.splice(at, 1));
    void intend({ kind: "ReorderTrain", order: next });
  };
  return (
    <table className="table">
      <thead><tr>{COLUMNS.map((one) => <th key={one} scope="col">{say(`train.${one}`)}</th>)}</tr></thead>
      <tbody>{run.train.map((one, at) => <Row key={one.candidate} run={run} one={one} at={at} last={at === order.length - 1} move={move} />)}</tbody>
    </table>
  );
}

interface RowProps {
  run: RunView;
  one: CandidateView;
  at: number;
  last: boolean;
  move: (at: number, by: number) => void;
}

function Row({ run, one, at, last, move }: RowProps) {
  const say = useSay();
  const intend = useIntend(run.run);
  const sure = useSure();
  const name = one.task ?? one.candidate;
  const approval = run.questions.find((question) => question.id === one.question && question.about === "approval");
  const drop = async () => {
    if (await sure(say("train.dropTitle", { candidate: name }), say("train.dropText"), say("train.drop"))) void intend({ kind: "DropCandidate", candidate: one.candidate });
  };
  return (
    <tr data-candidate={one.candidate}>
      <td>{at + 1}</td>
      <th scope="row">{one.task ? <Link to={`/runs/${run.run}/tasks/${one.task}`}>{one.task}</Link> : say("run.userCommits", { trunk: run.trunk.branch })}</th>
      <td><span className="rung">{one.lane}</span></td>
      <td>
        <span className={`mark tone-${toneOf(stateOf(one))}`}><StateIcon state={stateOf(one)} /><span>{wordOf(say, one)}</span></span>
        {one.commit && one.gate !== "none" && !one.carried ? <> <Link to={`?gate=${one.commit}`} replace>{say("train.output")}</Link></> : null}
        {one.conflicts ? <> <Link to={`/runs/${run.run}/conflicts/${one.candidate}`}>{say("question.inConflicts")}</Link></> : null}
        {one.drop ? <p className="quiet">{say("train.dropped", { why: one.drop })}</p> : null}
      </td>
      <td>{one.onto ? <code title={one.onto}>{one.onto.slice(0, 10)}</code> : "–"}</td>
      <td>{one.commit ? <code title={one.commit}>{one.commit.slice(0, 10)}</code> : "–"}</td>
      <td><code title={one.head}>{one.head.slice(0, 10)}</code></td>
      <td>
        <span className="row-deeds">
          {approval && one.task ? <Button size="small" type="primary" onClick={() => void intend({ kind: "ApproveTask", task: one.task! })}>{say("train.approve")}</Button> : null}
          <Button size="small" type="text" icon={<ArrowUpOutlined aria-hidden />} disabled={at === 0} onClick={() => move(at, -1)} aria-label={`${say("train.up")}: ${name}`} />
          <Button size="small" type="text" icon={<ArrowDownOutlined aria-hidden />} disabled={last} onClick={() => move(at, 1)} aria-label={`${say("train.down")}: ${name}`} />
          <Button size="small" type="text" danger icon={<DeleteOutlined aria-hidden />} onClick={() => void drop()} aria-label={`${say("train.drop")}: ${name}`} />
        </span>
      </td>
    </tr>
  );
}
