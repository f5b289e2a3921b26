// What the agent of an attempt said and did, line by line, live.
import { Checkbox, Input, Select } from "antd";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Virtuoso } from "react-virtuoso";
import { api } from "../api/client";
import type { AttemptView, Line } from "../api/types";
import { Panel, Quiet } from "../parts/Panel";
import { clockOf, useSay } from "../words";
import { coloured } from "./ansi";

const EVERY = 1000;
const PAGE = 1000;

/** The lines of an attempt; read on from the last one for as long as it is live. */
export function useLines(run: string, task: string, attempt: AttemptView | undefined): Line[] {
  const [lines, setLines] = useState<Line[]>([]);
  const last = useRef(0);
  const live = attempt?.outcome === "live";
  const number = attempt?.number ?? 0;
  const read = useCallback(async (gone: () => boolean) => {
    let more = true;
    while (more && number) {
      const page = await api.transcript(run, task, number, last.current);
      if (gone()) return;
      more = page.lines.length === PAGE;
      if (page.lines.length) {
        last.current = page.lines[page.lines.length - 1]!.no;
        setLines((before) => [...before, ...page.lines]);
      }
    }
  }, [run, task, number]);
  useEffect(() => {
    let gone = false;
    last.current = 0;
    setLines([]);
    let timer = 0;
    const again = () => {
      void read(() => gone).catch(() => undefined).finally(() => {
        if (!gone && live) timer = window.setTimeout(again, EVERY);
      });
    };
    again();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [read, live]);
  return lines;
}

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
  const lines = useLines(run, task, attempt);
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
        <Virtuoso key={attempt?.attempt} data={shown} className={wrap ? "lines" : "lines nowrap"} role="log" tabIndex={0} aria-label={say("task.transcript")}
          followOutput={follow ? "auto" : false} initialTopMostItemIndex={shown.length - 1} computeItemKey={(_, one) => one.no}
          itemContent={(_, one) => <LineOf line={one} />} />
      ) : <Quiet>{say("task.noLines")}</Quiet>}
    </Panel>
  );
}

function LineOf({ line }: { line: Line }) {
  return (
    <div className={`line line-${line.kind}`} data-no={line.no}>
      <span className="no">{line.no}</span>
      <span className="when">{clockOf(line.ts)}</span>
      <span className="line-kind">{line.kind}</span>
      <code>{coloured(line.text)}</code>
    </div>
  );
}
