// The versions of a plan to compare with and to go back to: what was launched, for everybody; what this browser keeps.
import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { api } from "../api/client";
import { dateOf, useSay } from "../words";
import { ofBrowser, ofRun, type Version } from "./versions";

export interface Chosen {
  key: string;
  text: string;
}

interface Props {
  kept: Version[];
  /** The name of the plan at hand: its launches come first. */
  name: string;
  chosen: string | null;
  choose: (version: Chosen | null) => void;
  told: (problem: Error) => void;
}

const MOST = 30;

export function VersionPick({ kept, name, chosen, choose, told }: Props) {
  const say = useSay();
  const { data } = useQuery({ queryKey: ["runs"], queryFn: api.runs });
  const launched = (data?.runs ?? []).filter((one) => one.seq > 0);
  const order = [...launched.filter((one) => one.name === name), ...launched.filter((one) => one.name !== name)].slice(0, MOST);
  const take = (key: string | null) => {
    const own = kept.find((one) => ofBrowser(one.at) === key);
    const run = order.find((one) => ofRun(one.run) === key);
    if (own) choose({ key: key!, text: own.text });
    else if (run) api.plan(run.run).then(({ text }) => choose({ key: key!, text }), told);
    else choose(null);
  };
  const groups = [
    { label: say("desk.launchedVersions"), options: order.map((one) => ({ value: ofRun(one.run), label: `${dateOf(one.created)} · ${one.run}` })) },
    { label: say("desk.keptVersions"), options: kept.map((one) => ({ value: ofBrowser(one.at), label: `${dateOf(one.at / 1000)} · ${one.name}` })) },
  ].filter((group) => group.options.length);
  return (
    <Select value={chosen} placeholder={say("desk.versions")} aria-label={say("desk.versions")} allowClear disabled={!groups.length} popupMatchSelectWidth={false}
      onChange={take} options={groups} className="desk-select" />
  );
}
