// What the agent of an attempt said and did, line by line, live.
import { Checkbox, Input, Select } from "antd";
import { useMemo, useState } from "react";
import { api } from "../api/client";
import type { AttemptView } from "../api/types";
import { LineList, useLines } from "../parts/Lines";
import { Panel, Quiet } from "../parts/Panel";
import { useSay } from "../words";

interface Props {
  run: string;
  task: string;
  attempts: AttemptView[];
}

export function Transcript({ run, task, attempts }: Props) {
  const say = useSay();
  const [chosen, setChosen] = useState<number | null>(null);
  const [query, setQuery] = useState("");
  const [wrap, setWrap] = useState(true);
  const [follow, setFollow] = useState(true);
  const attempt = attempts.find((one) => one.number === chosen) ?? attempts[attempts.length - 1];
  const number = attempt?.number ?? 0;
  const lines = useLines(number ? `${run}/${task}/${number}` : "", attempt?.outcome === "live", (after) => api.transcript(run, task, number, after).then((page) => page.lines));
  const wanted = query.toLowerCase();
  const shown = useMemo(() => (wanted ? lines.filter((one) => one.text.toLowerCase().includes(wanted)) : lines), [lines, wanted]);
  return (
    <Panel title={say("task.transcript")} className="transcript" extra={(
      <>
        {attempts.length > 1 ? <Select size="small" value={attempt?.number} onChange={setChosen} aria-label={say("task.attempts")}
          options={attempts.map((one) => ({ value: one.number, label: say("run.attempt", { number: one.number }) }))} /> : null}
        <Input size="small" allowClear value={query} onChange={(event) => setQuery(event.target.value)} placeholder={say("task.find")} aria-label={say("task.find")} />
        <Checkbox checked={wrap} onChange={(event) => setWrap(event.target.checked)}>{say("task.wrap")}</Checkbox>
        <Checkbox checked={follow} onChange={(event) => setFollow(event.target.checked)}>{say("task.follow")}</Checkbox>
        <span className="quiet">{say("task.lines", { count: shown.length })}</span>
      </>
    )}>
      {shown.length ? (
        <LineList key={attempt?.attempt} lines={shown} label={say("task.transcript")} wrap={wrap} follow={follow} />
      ) : <Quiet>{say("task.noLines")}</Quiet>}
    </Panel>
  );
}
