// One conflict: where it is and of which kind, the ways to settle it, or how it was settled and what that changed.
import { UndoOutlined } from "@ant-design/icons";
import { Alert, Button, Input } from "antd";
import { lazy, Suspense, useState } from "react";
import { Link, useNavigate } from "react-router";
import type { ConflictCase, ConflictView } from "../api/types";
import { useLive, useTask } from "../live/store";
import { DiffView } from "../parts/DiffView";
import { Simulated } from "../parts/marks";
import { Panel, Quiet } from "../parts/Panel";
import { useIntend, useSure } from "../parts/steer";
import { clockOf, useSay } from "../words";
import { undoPlan } from "./undo";

const Hand = lazy(() => import("./Hand"));
const CHOICES = ["ours", "theirs", "both", "retry", "drop"];

export function Case({ run, one }: { run: string; one: ConflictCase }) {
  const say = useSay();
  return (
    <Panel className="case-detail" title={<>{one.task ? <Link to={`/runs/${run}/tasks/${one.task}`}>{one.task}</Link> : one.candidate} <span className="quiet">{say("conflicts.onto", { commit: one.onto.slice(0, 10) })}</span></>}
      extra={<><span className="quiet">{say("conflicts.found", { when: clockOf(one.found) })}</span>{one.simulated ? <Simulated /> : null}</>}>
      {one.note && !one.settled ? <Alert type="warning" showIcon banner title={say("conflicts.notSettled", { why: one.note.replace(/\.$/, "") })} /> : null}
      {one.settled ? null : <Choices run={run} candidate={one.candidate} />}
      {one.settled ? null : <Suspense fallback={<Quiet>{say("loading")}</Quiet>}><Hand run={run} one={one} /></Suspense>}
      {one.conflicts.map((conflict, at) => <Clash key={at} conflict={conflict} />)}
      {one.resolution ? <Settled run={run} one={one} /> : null}
    </Panel>
  );
}

function Choices({ run, candidate }: { run: string; candidate: string }) {
  const say = useSay();
  const intend = useIntend(run);
  const sure = useSure();
  const [commit, setCommit] = useState("");
  const choose = async (choice: string) => {
    if (choice === "drop" && !(await sure(say("train.dropTitle", { candidate }), say("train.dropText"), say("choice.drop")))) return;
    void intend({ kind: "ResolveConflict", candidate, choice });
  };
  return (
    <div className="choices" role="group" aria-label={say("conflicts.choose")}>
      {CHOICES.map((choice) => <Button key={choice} danger={choice === "drop"} onClick={() => void choose(choice)}>{say(`choice.${choice}`)}</Button>)}
      <form className="question-free" onSubmit={(event) => {
        event.preventDefault();
        if (commit.trim()) void intend({ kind: "ResolveConflict", candidate, choice: "commit", commit: commit.trim() });
      }}>
        <Input value={commit} onChange={(event) => setCommit(event.target.value)} aria-label={say("question.yourCommit")} placeholder={say("question.yourCommit")} />
        <Button htmlType="submit">{say("choice.commit")}</Button>
      </form>
    </div>
  );
}

function Clash({ conflict }: { conflict: ConflictView }) {
  const say = useSay();
  return (
    <div className="clash" data-path={conflict.path}>
      <p className="clash-head">
        <span className="mark tone-conflicted">{say(`conflicts.kind.${conflict.kind}`)}</span>
        <strong><code>{conflict.path}</code></strong>
        {conflict.symbol ? <code>{conflict.symbol}</code> : null}
        <span className="quiet">{conflict.rule}</span>
      </p>
      {conflict.detail ? <p>{conflict.detail}</p> : null}
      <p className="paths">
        {(["base", "ours", "theirs"] as const).map((side) => (
          <span key={side}><span className="quiet">{say(`conflicts.${side}`)}</span> <code>{conflict[side]?.blob.slice(0, 10) ?? say("conflicts.missing")}</code></span>
        ))}
      </p>
    </div>
  );
}

function Settled({ run, one }: { run: string; one: ConflictCase }) {
  const say = useSay();
  const go = useNavigate();
  const landed = useTask(run, one.task ?? "")?.landed;
  const whole = useLive(run, (state) => state.run!);
  const resolution = one.resolution!;
  const undo = undoPlan(whole, one, landed);
  return (
    <div className="settled">
      <dl className="facts">
        <div><dt>{say("conflicts.rung")}</dt><dd><strong>{say(`rung.${resolution.rung}`)}</strong></dd></div>
        <div><dt>{say("conflicts.by")}</dt><dd>{resolution.by}{resolution.simulated ? <Simulated /> : null}</dd></div>
        <div><dt>{say("conflicts.how")}</dt><dd>{resolution.how}</dd></div>
        <div><dt>{say("conflicts.paths")}</dt><dd>{resolution.paths.map((path) => <code key={path}>{path}</code>)}</dd></div>
      </dl>
      <h3 className="panel-head">{say("conflicts.review")} <code className="quiet">{resolution.previous.slice(0, 10)} → {resolution.head.slice(0, 10)}</code></h3>
      <DiffView diff={one.diff} only={resolution.paths} />
      {undo ? (
        <p className="undo"><Button icon={<UndoOutlined aria-hidden />} onClick={() => void go("/design", { state: { text: undo } })}>{say("conflicts.undo")}</Button> <span className="quiet">{say("conflicts.undoHint")}</span></p>
      ) : null}
    </div>
  );
}
