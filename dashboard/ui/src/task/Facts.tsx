// What is known of a task beside its words: what the plan says, every attempt, every gate.
import { ExportOutlined } from "@ant-design/icons";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { FailureView, GateView, TaskDetail } from "../api/types";
import { useLive } from "../live/store";
import { Elapsed } from "../parts/Elapsed";
import { Simulated, StateIcon, toneOf, verdictOf } from "../parts/marks";
import { Quiet } from "../parts/Panel";
import { CopyButton } from "../parts/Copy";
import { clockOf, lengthOf, moneyOf, numberOf, useSay } from "../words";

const short = (commit: string): string => commit.slice(0, 10);

export function Facts({ run, detail }: { run: string; detail: TaskDetail }) {
  const say = useSay();
  const dependents = useLive(run, (state) => state.run!.tasks).filter((one) => one.needs.includes(detail.id)).map((one) => one.id);
  const last = detail.history[detail.history.length - 1];
  const facts: [string, ReactNode][] = [
    [say("table.role"), detail.role],
    [say("table.needs"), detail.needs.length ? <TaskLinks run={run} names={detail.needs} /> : null],
    [say("task.dependents"), dependents.length ? <TaskLinks run={run} names={dependents} /> : null],
    [say("task.branch"), detail.branch ? <><code>{detail.branch}</code><CopyButton text={detail.branch} label={say("task.copyBranch")} /></> : null],
    [say("task.commit"), detail.landed ? <code title={detail.landed}>{say("task.landedAs", { commit: short(detail.landed) })}</code> : null],
    [say("task.worktree"), last?.worktree && last.outcome === "live" ? <Worktree path={last.worktree} /> : null],
    [say("task.touches"), detail.touches.length ? detail.touches.map((one) => <code key={one}>{one}</code>) : null],
    [say("task.exclusive"), detail.exclusive.length ? detail.exclusive.map((one) => <code key={one}>{one}</code>) : null],
    [say("task.verify"), detail.verify.length ? detail.verify.map((one) => <code key={one}>{one}</code>) : null],
    [say("task.priority"), detail.priority || null],
    [say("table.approve"), detail.approve ? say(detail.approved ? "task.approved" : "task.needsApproval") : null],
    [say("task.steered"), detail.steers.length ? <ul className="plain">{detail.steers.map((one, at) => <li key={at}>{one}</li>)}</ul> : null],
  ];
  return (
    <>
      <dl className="facts">{facts.filter(([, value]) => value).map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
      {detail.prompt ? <details className="prompt" open><summary>{say("task.prompt")}</summary><pre tabIndex={0}>{detail.prompt}</pre></details> : null}
    </>
  );
}

/** Where the agent is at work now. The link is for an editor on this machine that takes such addresses. */
function Worktree({ path }: { path: string }) {
  const say = useSay();
  return (
    <>
      <code className="path">{path}</code>
      <span className="nowrap">
        <CopyButton text={path} label={say("task.copyPath")} />
        <a className="plain-link" href={`vscode://file${encodeURI(path)}`} title={say("task.openEditor")} aria-label={say("task.openEditor")}><ExportOutlined aria-hidden /></a>
      </span>
    </>
  );
}

function TaskLinks({ run, names }: { run: string; names: string[] }) {
  return <span className="links">{names.map((name) => <Link key={name} to={`/runs/${run}/tasks/${name}`}>{name}</Link>)}</span>;
}

export function Failure({ failure }: { failure: FailureView }) {
  const say = useSay();
  return (
    <div className="failure">
      <p><strong>{failure.kind}</strong> {failure.detail}</p>
      {failure.output ? <pre tabIndex={0} aria-label={say("task.output")}>{failure.output}</pre> : null}
    </div>
  );
}

const OUTCOMES: Record<string, string> = { live: "RUNNING", succeeded: "LANDED", interrupted: "WAITING" };

export function Attempts({ detail }: { detail: TaskDetail }) {
  const say = useSay();
  if (!detail.history.length) return <Quiet>{say("none")}</Quiet>;
  return (
    <ol className="attempts">
      {[...detail.history].reverse().map((one) => {
        const state = OUTCOMES[one.outcome] ?? "FAILED";
        const word = one.outcome in OUTCOMES ? say(`task.${one.outcome}`) : one.outcome;
        return (
          <li key={one.attempt}>
            <p className="attempt-head"><strong>{say("task.attemptOf", { number: one.number, window: one.window })}</strong>{one.simulated ? <Simulated /> : null}
              <span className={`mark tone-${toneOf(state)} end`}><StateIcon state={state} /><span>{word}</span></span></p>
            <p className="quiet">{clockOf(one.dispatched)} · <Elapsed since={one.dispatched} until={one.ended} /> · {one.runtime} · {say("task.base")} <code>{short(one.base)}</code>
              {one.paths.length ? ` · ${say("task.files", { count: one.paths.length })}` : ""}{one.tokens ? ` · ${numberOf(one.tokens)} ${say("overview.tokens")} · ${moneyOf(one.usd)}` : ""}</p>
            {one.summary ? <p>{one.summary}</p> : null}
            {one.failure ? <Failure failure={one.failure} /> : null}
            {one.kept.map((work) => <p key={work.ref} className="quiet">{say("task.kept")}: <code>{work.ref}</code> {work.why}</p>)}
          </li>
        );
      })}
    </ol>
  );
}

export function Gates({ run, gates }: { run: string; gates: GateView[] }) {
  const say = useSay();
  return (
    <ol className="attempts">
      {[...gates].reverse().map((one) => {
        const [state, word] = verdictOf(one);
        return (
          <li key={`${one.commit}/${one.since}`}>
            <p className="attempt-head"><code>{short(one.commit)}</code>{one.gate ? <strong>{one.gate}</strong> : null}<span className={`mark tone-${toneOf(state)} end`}><StateIcon state={state} /><span>{say(word)}</span></span></p>
            <p className="quiet">{clockOf(one.since)} · {one.seconds === null ? <Elapsed since={one.since} /> : lengthOf(one.seconds)}{one.carried ? ` · ${say("gate.carried")}` : <> · <Link to={`/runs/${run}/train?gate=${one.commit}`}>{say("train.output")}</Link></>}</p>
            {one.failure ? <Failure failure={one.failure} /> : null}
          </li>
        );
      })}
    </ol>
  );
}
