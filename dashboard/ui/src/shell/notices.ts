// Tells a person who looks elsewhere: a run needs them, has failed, has finished. Only where they asked for it.
import { useEffect, useRef, useState } from "react";
import type { RunSummary } from "../api/types";
import { isEnded } from "../api/types";
import type { Say } from "../words";

const KEPT = "tianting.notices";

const may = (): boolean => "Notification" in window && Notification.permission === "granted";

export interface Notices {
  on: boolean;
  /** Ask for them, or have done with them; false when the browser does not let us. */
  toggle(): Promise<boolean>;
}

/** What is to be told of a run, compared with how it stood before; "" for nothing. */
export function newsOf(say: Say, before: RunSummary | undefined, now: RunSummary): string {
  if (!before) return "";
  if (now.questions > before.questions) return say("notices.needs", { name: now.name || now.run, count: now.questions });
  if (isEnded(now.status) && !isEnded(before.status)) return say("notices.ended", { name: now.name || now.run, status: say(`runStatus.${now.status}`) });
  return "";
}

export function useNotices(runs: RunSummary[], say: Say): Notices {
  const [on, setOn] = useState(() => localStorage.getItem(KEPT) === "on" && may());
  const before = useRef<Record<string, RunSummary>>({});
  useEffect(() => {
    for (const run of runs) {
      const news = newsOf(say, before.current[run.run], run);
      if (!news || !on) continue;
      const told = new Notification(news, { body: run.run, tag: `tianting/${run.run}`, icon: "/static/icon.svg" });
      told.onclick = () => {
        window.focus();
        location.assign(`/runs/${run.run}`);
      };
    }
    before.current = Object.fromEntries(runs.map((run) => [run.run, run]));
  }, [runs, on, say]);
  const toggle = async () => {
    if (!on && !may() && (!("Notification" in window) || (await Notification.requestPermission()) !== "granted")) return false;
    localStorage.setItem(KEPT, on ? "off" : "on");
    setOn(!on);
    return true;
  };
  return { on, toggle };
}
