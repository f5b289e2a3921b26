// What is foreseen of a plan: its faults, or its waves, its time, and the tasks that will get into each other's way.
import { Button } from "antd";
import type { Checked, ForecastView } from "../api/types";
import { Figures } from "../parts/Figures";
import { Quiet } from "../parts/Panel";
import { lengthOf, useSay } from "../words";

export function DryRun({ checked, goTo }: { checked: Checked | undefined; goTo: (line: number) => void }) {
  const say = useSay();
  if (!checked) return <Quiet>{say("desk.empty")}</Quiet>;
  if (!checked.forecast) {
    return (
      <div className="dry-run">
        <p className="tone-failed mark">{say("desk.faults", { count: checked.faults.length })}</p>
        <ol className="faults">
          {checked.faults.map((fault, at) => (
            <li key={at}><Button type="link" size="small" onClick={() => goTo(fault.line ?? 1)}>{say("desk.line", { line: fault.line ?? 1 })}</Button> {fault.message}</li>
          ))}
        </ol>
      </div>
    );
  }
  return <Foreseen forecast={checked.forecast} />;
}

function Foreseen({ forecast }: { forecast: ForecastView }) {
  const say = useSay();
  return (
    <div className="dry-run">
      <p className="tone-landed mark">{say("desk.sound", { count: forecast.tasks.length })}</p>
      <Figures label={say("desk.dryRun")} figures={[
        { name: say("desk.makespan"), value: lengthOf(forecast.makespan) },
        { name: say("desk.bound"), value: lengthOf(forecast.critical_seconds), note: forecast.critical_path.join(" → ") },
        { name: say("desk.waves"), value: forecast.waves.length },
        { name: say("desk.windows"), value: forecast.limit, note: forecast.windows.map((one) => `${one.role} ${one.count}`).join(" · ") },
        { name: say("desk.overlaps"), value: forecast.overlaps.length, tone: forecast.overlaps.length ? "conflicted" : undefined },
      ]} />
      <ol className="waves">
        {forecast.waves.map((wave, at) => <li key={at}><span className="quiet">{say("desk.wave", { wave: at + 1 })}</span> {wave.slice(0, 40).map((name) => <code key={name}>{name}</code>)}{wave.length > 40 ? ` +${wave.length - 40}` : ""}</li>)}
      </ol>
      {forecast.overlaps.length ? (
        <table className="table">
          <thead><tr><th scope="col">{say("desk.overlaps")}</th><th scope="col">{say("desk.touches")}</th></tr></thead>
          <tbody>{forecast.overlaps.slice(0, 200).map((one, at) => <tr key={at}><td>{one.left} · {one.right}</td><td><code>{one.glob}</code>{one.other === one.glob ? null : <> <code>{one.other}</code></>} {one.exclusive ? <span className="mark tone-gating">{say("desk.exclusiveOverlap")}</span> : null}</td></tr>)}</tbody>
        </table>
      ) : <Quiet>{say("desk.noOverlaps")}</Quiet>}
    </div>
  );
}
