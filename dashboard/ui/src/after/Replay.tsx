// A run played again from its log: drag to any moment and see how every task stood then.
import { PauseOutlined, PlayCircleOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Segmented, Slider } from "antd";
import { useCallback, useEffect, useMemo, useState } from "react";
import { useParams, useSearchParams } from "react-router";
import { api } from "../api/client";
import type { Envelope } from "../api/types";
import { Panel, Quiet } from "../parts/Panel";
import { EventLine } from "../run/Activity";
import Graph from "../run/Graph";
import { Progress } from "../run/Progress";
import { useLive } from "../live/store";
import { clockOf, useSay } from "../words";
import { countsOf, Then } from "../run/then";
import { statusesAt } from "./fold";

const PAGE = 1000;
const SPEEDS = [5, 20, 100];

async function wholeLog(run: string): Promise<Envelope[]> {
  const events: Envelope[] = [];
  for (let after = 0; ;) {
    const page = await api.events(run, after, PAGE);
    events.push(...page.events);
    if (page.next >= page.last || page.next === after) return events;
    after = page.next;
  }
}

export default function Replay() {
  const { run = "" } = useParams();
  const say = useSay();
  const tasks = useLive(run, (state) => state.run!.tasks);
  const { data } = useQuery({ queryKey: ["replay", run], queryFn: () => wholeLog(run), staleTime: 10_000 });
  const [asked, setAsked] = useSearchParams();
  const [plays, setPlays] = useState(false);
  const [speed, setSpeed] = useState(SPEEDS[1]!);
  const last = data?.length ?? 0;
  const at = Math.min(Number(asked.get("at") ?? last) || last, last);
  const seek = useCallback((next: number) => setAsked((before) => {
    const after = new URLSearchParams(before);
    after.set("at", String(next));
    return after;
  }, { replace: true }), [setAsked]);
  useEffect(() => {
    if (!plays || at >= last) return;
    const timer = window.setTimeout(() => seek(at + 1), 1000 / speed);
    return () => clearTimeout(timer);
  }, [plays, at, last, speed, seek]);
  const names = useMemo(() => tasks.map((one) => one.id), [tasks]);
  const statuses = useMemo(() => statusesAt(data ?? [], at, names), [data, at, names]);
  if (!data?.length) return <Quiet>{say("loading")}</Quiet>;
  const here = data[Math.max(0, at - 1)]!;
  const counts = countsOf(statuses);
  return (
    <section className="replay" aria-label={say("replay.title")}>
      <div className="toolbar">
        <Button icon={plays ? <PauseOutlined aria-hidden /> : <PlayCircleOutlined aria-hidden />} onClick={() => {
          if (!plays && at >= last) seek(1);
          setPlays(!plays);
        }}>{say(plays ? "replay.pause" : "replay.play")}</Button>
        <Segmented value={speed} onChange={setSpeed} aria-label={say("replay.speed")} options={SPEEDS.map((value) => ({ value, label: `×${value}` }))} />
        <Slider className="scrub" min={1} max={last} value={at} onChange={seek} tooltip={{ open: false }} ariaLabelForHandle={say("replay.scrub")} />
        <span className="chip-fact" role="status">{say("replay.at", { time: clockOf(here.ts), seq: at, last })}</span>
      </div>
      <Progress counts={counts} label={say("replay.title")} />
      <div className="replay-body">
        <Then.Provider value={statuses}><Graph /></Then.Provider>
        <Panel title={say("run.activity")}>
          {data.slice(Math.max(0, at - 30), at).map((one) => <EventLine key={one.seq} envelope={one} />)}
        </Panel>
      </div>
    </section>
  );
}
