// Every conflict of a run: those that wait for a decision, and the audit of those that were settled, with the diff of
// what each settlement changed.
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link, useParams } from "react-router";
import { api } from "../api/client";
import type { ConflictCase } from "../api/types";
import { useLive } from "../live/store";
import { StateIcon, Simulated } from "../parts/marks";
import { Quiet } from "../parts/Panel";
import { clockOf, useSay } from "../words";
import { Case } from "./Case";
import { Overlaps } from "./Overlaps";

const keyOf = (one: ConflictCase): string => `${one.candidate}@${one.onto.slice(0, 10)}`;

export default function Conflicts() {
  const { run = "", candidate } = useParams();
  const say = useSay();
  const seq = useLive(run, (state) => state.run!.seq);
  const { data, refetch } = useQuery({ queryKey: ["conflicts", run], queryFn: () => api.conflicts(run, true) });
  useEffect(() => {
    const timer = window.setTimeout(() => void refetch(), 700);
    return () => clearTimeout(timer);
  }, [seq, refetch]);
  if (!data) return <Quiet>{say("loading")}</Quiet>;
  const ended = [...data.settled].reverse();
  const settled = ended.filter((one) => one.settled !== "gone");
  const gone = ended.filter((one) => one.settled === "gone");
  const all = [...data.open, ...settled, ...gone];
  const chosen = all.find((one) => keyOf(one) === candidate) ?? all.find((one) => one.candidate === candidate) ?? all[0];
  const list = (cases: ConflictCase[], none: string) => (cases.length
    ? cases.map((one) => <Entry key={keyOf(one)} run={run} one={one} chosen={one === chosen} />)
    : <Quiet>{none}</Quiet>);
  return (
    <div className="conflicts">
      <section className="panel conflict-list" aria-label={say("conflicts.list")}>
        <h2>{say("conflicts.inbox")} ({data.open.length})</h2>
        {list(data.open, say("conflicts.noneOpen"))}
        <h2>{say("conflicts.audit")} ({settled.length})</h2>
        {list(settled, say("conflicts.noneSettled"))}
        {gone.length ? <details className="gone" open={chosen?.settled === "gone"}><summary>{say("conflicts.settled.gone")} ({gone.length})</summary>{list(gone, "")}</details> : null}
        {chosen ? <Overlaps run={run} seen={data.seen} /> : null}
      </section>
      {chosen ? <Case key={keyOf(chosen)} run={run} one={chosen} /> : <Overlaps run={run} seen={data.seen} />}
    </div>
  );
}

function Entry({ run, one, chosen }: { run: string; one: ConflictCase; chosen: boolean }) {
  const say = useSay();
  const paths = [...new Set(one.conflicts.map((conflict) => conflict.path))];
  return (
    <Link className="case" to={`/runs/${run}/conflicts/${encodeURIComponent(keyOf(one))}`} aria-current={chosen} data-candidate={one.candidate}>
      <span className="case-head">
        {one.settled
          ? <span className="mark tone-landed"><StateIcon state="LANDED" /><span>{say(`conflicts.settled.${one.settled}`)}</span></span>
          : <span className="mark tone-conflicted"><StateIcon state="CONFLICTED" /><span>{say("conflicts.open")}</span></span>}
        <strong>{one.task ?? one.candidate}</strong>
        <span className="quiet end">{clockOf(one.found)}</span>
      </span>
      <span className="case-foot">
        {one.resolution ? <span className="rung">{say(`rung.${one.resolution.rung}`)}</span> : null}
        {one.simulated ? <Simulated /> : null}
        <span className="quiet case-paths">{paths.slice(0, 3).join(", ")}{paths.length > 3 ? ` +${paths.length - 3}` : ""}</span>
      </span>
    </Link>
  );
}
