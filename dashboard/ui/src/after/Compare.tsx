// Two runs side by side: what they took, and where the difference lies.
import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useEffect } from "react";
import { Link, useSearchParams } from "react-router";
import { api } from "../api/client";
import type { RunView, TimelineView } from "../api/types";
import { StatusMark } from "../parts/marks";
import { Panel, Quiet } from "../parts/Panel";
import { lengthOf, moneyOf, useSay } from "../words";

interface Both {
  run: RunView;
  view: TimelineView;
}

const useBoth = (name: string | null) => useQuery({
  queryKey: ["compare", name], enabled: Boolean(name), queryFn: async (): Promise<Both> => ({ run: await api.run(name!), view: await api.timeline(name!) }),
}).data;

const durationOf = ({ run, view }: Both): number => (view.ended ?? run.ts) - view.started;

function workOf({ view }: Both): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const bar of view.bars) sums[bar.task] = (sums[bar.task] ?? 0) + (bar.ended ?? bar.dispatched) - bar.dispatched;
  return sums;
}

export default function Compare() {
  const say = useSay();
  const [asked, setAsked] = useSearchParams();
  const { data } = useQuery({ queryKey: ["runs"], queryFn: api.runs });
  const [left, right] = [useBoth(asked.get("a")), useBoth(asked.get("b"))];
  useEffect(() => {
    document.title = `${say("compare.title")} · Tianting`;
  }, [say]);
  const pick = (key: "a" | "b", label: string) => (
    <Select showSearch value={asked.get(key)} aria-label={label} placeholder={label} className="compare-pick" options={(data?.runs ?? []).map((one) => ({ value: one.run, label: one.run }))}
      onChange={(next: string) => setAsked((before) => {
        const after = new URLSearchParams(before);
        after.set(key, next);
        return after;
      })} />
  );
  return (
    <div className="page compare">
      <header className="run-title"><h1>{say("compare.title")}</h1>{pick("a", say("compare.left"))}{pick("b", say("compare.right"))}</header>
      {left && right ? <Differences left={left} right={right} /> : <Quiet>{say("compare.pick")}</Quiet>}
    </div>
  );
}

function Differences({ left, right }: { left: Both; right: Both }) {
  const say = useSay();
  const signed = (value: number, show: (size: number) => string) => (Math.abs(value) < 1e-9 ? "=" : `${value > 0 ? "+" : "−"}${show(Math.abs(value))}`);
  const count = (value: number) => String(value);
  const figures: [string, (one: Both) => number, (value: number) => string][] = [
    [say("compare.time"), durationOf, lengthOf],
    [say("compare.landed"), (one) => one.run.counts.LANDED ?? 0, count],
    [say("compare.attempts"), (one) => one.view.bars.length, count],
    [say("compare.gates"), (one) => one.view.gates.length, count],
    [say("compare.conflicts"), (one) => one.view.clashes.length, count],
    [say("compare.spent"), (one) => one.run.cost.usd, moneyOf],
  ];
  const [took, other] = [workOf(left), workOf(right)];
  const tasks = Object.keys(took).filter((name) => name in other).map((name) => ({ name, by: other[name]! - took[name]! })).sort((one, two) => Math.abs(two.by) - Math.abs(one.by)).slice(0, 30);
  const head = (one: Both) => <th scope="col"><Link to={`/runs/${one.run.run}`}>{one.run.run}</Link> <StatusMark status={one.run.status} /></th>;
  return (
    <>
      <Panel title={say("compare.difference")}>
        <table className="table">
          <thead><tr><td />{head(left)}{head(right)}<th scope="col">{say("compare.difference")}</th></tr></thead>
          <tbody>{figures.map(([name, of, show]) => <tr key={name}><th scope="row">{name}</th><td>{show(of(left))}</td><td>{show(of(right))}</td><td>{signed(of(right) - of(left), show)}</td></tr>)}</tbody>
        </table>
      </Panel>
      <Panel title={say("compare.tasks")}>
        <table className="table">
          <thead><tr><th scope="col">{say("table.task")}</th>{head(left)}{head(right)}<th scope="col">{say("compare.difference")}</th></tr></thead>
          <tbody>{tasks.map(({ name, by }) => <tr key={name}><th scope="row">{name}</th><td>{lengthOf(took[name]!)}</td><td>{lengthOf(other[name]!)}</td><td>{signed(by, lengthOf)}</td></tr>)}</tbody>
        </table>
      </Panel>
    </>
  );
}
