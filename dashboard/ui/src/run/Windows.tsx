// The windows of a run: who is at work on what, who is idle, who waits for a person.
import { Link } from "react-router";
import type { RunView } from "../api/types";
import { Elapsed } from "../parts/Elapsed";
import { Simulated, StateIcon } from "../parts/marks";
import { useSay } from "../words";
import { asks } from "./facts";

export function WindowStrip({ run }: { run: RunView }) {
  const say = useSay();
  return (
    <ul className="strip" aria-label={say("run.windows")}>
      {run.windows.map((one) => {
        const state = asks(run, one) ? "needs" : one.task ? "busy" : "idle";
        return (
          <li key={one.id} className={state} title={one.note}>
            <span className="strip-id">{one.id}</span>
            <span className="strip-task">{one.task ? <Link to={`/runs/${run.run}/tasks/${one.task}`}>{one.task}</Link> : say("run.idle")}</span>
          </li>
        );
      })}
    </ul>
  );
}

export function Windows({ run }: { run: RunView }) {
  const say = useSay();
  return (
    <ul className="windows">
      {run.windows.map((one) => {
        const asking = asks(run, one);
        const state = asking ? "needs" : one.task ? "busy" : "idle";
        return (
          <li key={one.id} className={state} data-window={one.id}>
            <p className="window-head">
              <StateIcon state={asking ? "NEEDS_YOU" : one.task ? "RUNNING" : "CANCELLED"} />
              <strong>{one.id}</strong>
              {one.task ? <Link to={`/runs/${run.run}/tasks/${one.task}`}>{one.task}</Link> : <span className="quiet">{say("run.idle")}</span>}
              {one.simulated ? <Simulated /> : null}
              <span className="end quiet">{one.since ? <Elapsed since={one.since} /> : null}</span>
            </p>
            {one.note ? <p className="note">{one.note}</p> : null}
          </li>
        );
      })}
    </ul>
  );
}
