// Which tasks get into each other's way: what is foreseen from their claims, and what the radar sees of live windows.
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api } from "../api/client";
import type { ConflictsView, ForecastView } from "../api/types";
import { useLive } from "../live/store";
import { StateIcon } from "../parts/marks";
import { Panel, Quiet } from "../parts/Panel";
import { useSay } from "../words";

const MOST = 24;
const ENDED = new Set(["LANDED", "CANCELLED", "FAILED"]);

type Seen = ConflictsView["seen"];
type Foreseen = ForecastView["overlaps"][number];

/** One cell: what is known of two tasks, the strongest first. */
interface Meeting {
  kind: "seen" | "foreseen" | "apart";
  why: string;
}

const SIGNS = { seen: "×", foreseen: "!", apart: "=" } as const;

function meetings(foreseen: Foreseen[], seen: Seen): Map<string, Meeting> {
  const found = new Map<string, Meeting>();
  const put = (left: string, right: string, meeting: Meeting) => {
    found.set(`${left}/${right}`, meeting);
    found.set(`${right}/${left}`, meeting);
  };
  for (const one of foreseen) put(one.left, one.right, { kind: one.exclusive ? "apart" : "foreseen", why: `${one.glob} ${one.other}` });
  for (const one of seen) {
    if (one.other) put(one.task, one.other, { kind: "seen", why: one.overlaps.map((each) => each.detail).join("; ") });
  }
  return found;
}

export function Overlaps({ run, seen }: { run: string; seen: Seen }) {
  const say = useSay();
  const tasks = useLive(run, (state) => state.tasks);
  const { data } = useQuery({ queryKey: ["forecast", run], queryFn: () => api.forecast(run), staleTime: Infinity });
  const open = (data?.overlaps ?? []).filter((one) => [one.left, one.right].every((name) => !ENDED.has(tasks[name]?.status ?? "WAITING")));
  const live = (name: string) => (tasks[name]?.live ? 0 : 1);
  const pairs = [...seen.flatMap((one) => (one.other ? [one.task, one.other] : [])), ...open.flatMap((one) => [one.left, one.right])];
  const names = [...new Set(pairs)].sort((one, other) => live(one) - live(other)).slice(0, MOST);
  const found = meetings(open, seen);
  const kinds = [...new Set([...found.values()].map((one) => one.kind))];
  return (
    <Panel title={say("conflicts.overlaps")} className="overlaps">
      {names.length ? (
        <>
          <div className="matrix" tabIndex={0} role="region" aria-label={say("conflicts.matrix")}>
            <table>
              <thead><tr><td />{names.slice(0, -1).map((name) => <th key={name} scope="col"><span>{name}</span></th>)}</tr></thead>
              <tbody>{names.slice(1).map((row, at) => (
                <tr key={row}>
                  <th scope="row"><Link to={`/runs/${run}/tasks/${row}`}>{row}</Link>{tasks[row]?.live ? <span className="tone-running live-mark"><StateIcon state="RUNNING" /></span> : null}</th>
                  {names.slice(0, -1).map((column, place) => <Cell key={column} row={row} column={column} over={place > at} one={place <= at ? found.get(`${row}/${column}`) : undefined} />)}
                </tr>
              ))}</tbody>
            </table>
          </div>
          <p className="matrix-legend">{kinds.map((kind) => <span key={kind}><b className={`hit ${kind}`}>{SIGNS[kind]}</b> {say(`conflicts.${kind}`)}</span>)}</p>
        </>
      ) : seen.length ? null : <Quiet>{say("desk.noOverlaps")}</Quiet>}
      {seen.length ? <SeenNow run={run} seen={seen} /> : null}
    </Panel>
  );
}

function Cell({ row, column, one, over }: { row: string; column: string; one: Meeting | undefined; over: boolean }) {
  const say = useSay();
  if (!one) return <td className={over ? "over" : ""} />;
  const word = say(`conflicts.${one.kind}`);
  return <td className={`hit ${one.kind}`} data-pair={`${row}/${column}`} title={`${row} · ${column}: ${word}: ${one.why}`}><span aria-hidden>{SIGNS[one.kind]}</span><span className="unseen">{word}</span></td>;
}

function SeenNow({ run, seen }: { run: string; seen: Seen }) {
  const say = useSay();
  const link = (name: string) => <Link to={`/runs/${run}/tasks/${name}`}>{name}</Link>;
  return (
    <ul className="seen" aria-label={say("conflicts.seen")}>
      {seen.map((one) => (
        <li key={`${one.task}/${one.other}`} data-seen={`${one.task}/${one.other ?? ""}`}>
          <p>{link(one.task)} · {one.other ? link(one.other) : say("train.trunk")}</p>
          {one.overlaps.map((each, at) => (
            <p key={at} className="seen-one">
              <span className="mark tone-conflicted">{say(`conflicts.kind.${each.kind}`)}</span> <code>{each.path}</code> {each.symbol ? <code>{each.symbol}</code> : null}
              <span className="quiet">{each.detail}{each.certain ? "" : ` (${say("conflicts.maybe")})`}</span>
            </p>
          ))}
        </li>
      ))}
    </ul>
  );
}
