// One run as it stands, kept up to date by its feed: a store a run, shared by all views that look at it, and let go
// when the last one leaves. Values that did not change keep their identity, so that only what changed is drawn again.
import { useCallback, useEffect, useRef, useSyncExternalStore } from "react";
import { createStore, useStore, type StoreApi } from "zustand";
import { api } from "../api/client";
import type { Envelope, RunView, TaskView } from "../api/types";
import { follow, type Link } from "./feed";

export interface LiveRun {
  run: RunView | null;
  tasks: Record<string, TaskView>;
  events: Envelope[];
  link: Link;
  resyncs: number;
  error: string;
}

const KEPT_EVENTS = 2000;
const BACKLOG = 500;
const REFRESH = 300;
const REST = 3;
const FACTS_OF_PROGRESS = new Set(["AttemptProgressed"]);

type Ear = (envelopes: Envelope[]) => void;

interface Followed {
  store: StoreApi<LiveRun>;
  readers: number;
  end: () => void;
  ears: Set<Ear>;
  refresh: () => void;
}

const followed = new Map<string, Followed>();

function same(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true;
  if (typeof left !== "object" || typeof right !== "object" || !left || !right) return false;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => same((left as never)[key], (right as never)[key]));
}

/** The new value, with every part that equals its old one replaced by that one. */
function kept<T>(before: T, after: T): T {
  if (same(before, after)) return before;
  if (Array.isArray(before) && Array.isArray(after)) {
    return after.map((one, place) => kept(before[place], one)) as T;
  }
  if (typeof before === "object" && typeof after === "object" && before && after) {
    const whole = {} as Record<string, unknown>;
    for (const [key, value] of Object.entries(after)) whole[key] = kept((before as never)[key], value);
    return whole as T;
  }
  return after;
}

function begin(name: string): Followed {
  const store = createStore<LiveRun>(() => ({
    run: null, tasks: {}, events: [], link: "connecting", resyncs: 0, error: "",
  }));
  const ears = new Set<Ear>();
  let ended = false;
  let endFeed = () => {};
  let timer = 0;
  let cost = 0;
  let seen = 0;

  const load = async () => {
    const began = performance.now();
    const fresh = await api.run(name);
    cost = performance.now() - began;
    const { run: old, tasks: before } = store.getState();
    const run = old ? kept(old, fresh) : fresh;
    const tasks = Object.fromEntries(run.tasks.map((one) => [one.id, one]));
    if (!ended) store.setState({ run, tasks: same(before, tasks) ? before : tasks, error: "" });
    return fresh.seq;
  };

  const refresh = () => {
    if (timer || ended) return;
    timer = window.setTimeout(() => {
      load().then((seq) => {
        timer = 0;
        if (seq < seen) refresh(); // of a large run the server may hand out an older snapshot
      }, (problem: Error) => {
        timer = 0;
        if (!ended) store.setState({ error: problem.message });
      });
    }, Math.max(REFRESH, cost * REST));
  };

  let waiting: Envelope[] = [];
  let frame = 0;
  const flush = () => {
    frame = 0;
    const fresh = waiting;
    waiting = [];
    if (ended || !fresh.length) return;
    seen = fresh[fresh.length - 1]!.seq;
    const { events, run } = store.getState();
    store.setState({ events: [...events, ...fresh].slice(-KEPT_EVENTS) });
    ears.forEach((ear) => ear(fresh));
    if (!run || fresh.some((one) => !FACTS_OF_PROGRESS.has(one.type))) refresh();
    else progressed(store, fresh);
  };

  const start = async () => {
    const seq = await load();
    if (ended) return;
    endFeed = follow(name, Math.max(0, seq - BACKLOG), {
      take: (envelopes) => {
        waiting.push(...envelopes);
        if (!frame) frame = window.setTimeout(flush, 16);
      },
      link: (link) => {
        const before = store.getState().link;
        store.setState({ link });
        if (link === "live" && before === "lost") refresh();
      },
      resync: async () => {
        const fresh = await load().catch((problem: Error) => {
          store.setState({ error: problem.message });
          throw problem;
        });
        store.setState((state) => ({ resyncs: state.resyncs + 1, events: [] }));
        return Math.max(0, fresh - BACKLOG);
      },
    });
  };
  start().catch((problem: Error) => store.setState({ error: problem.message }));

  return {
    store, ears, refresh, readers: 0,
    end: () => {
      ended = true;
      clearTimeout(timer);
      clearTimeout(frame);
      endFeed();
    },
  };
}

/** What an agent is doing, and what it spent, without asking for the whole run again. */
function progressed(store: StoreApi<LiveRun>, envelopes: Envelope[]): void {
  const { run, tasks } = store.getState();
  if (!run) return;
  const notes = new Map<string, string>();
  let { tokens, usd } = run.cost;
  for (const one of envelopes) {
    const data = one.data as { note: string; usage: { tokens: number; usd: number } };
    if (one.task && data.note) notes.set(one.task, data.note);
    if (one.seq > run.seq) {
      tokens += data.usage?.tokens ?? 0;
      usd += data.usage?.usd ?? 0;
    }
  }
  const changed = { ...tasks };
  for (const [task, note] of notes) if (changed[task]) changed[task] = { ...changed[task], note };
  const windows = run.windows.map((one) => (one.task && notes.has(one.task) ? { ...one, note: notes.get(one.task)! } : one));
  const seq = envelopes[envelopes.length - 1]!.seq;
  store.setState({ run: { ...run, seq: Math.max(seq, run.seq), cost: { tokens, usd }, windows }, tasks: changed });
}

const NOTHING: Followed = {
  store: createStore<LiveRun>(() => ({ run: null, tasks: {}, events: [], link: "connecting", resyncs: 0, error: "" })),
  readers: 0, ears: new Set(), refresh: () => {}, end: () => {},
};

function open(name: string): Followed {
  if (!name) return NOTHING;
  let one = followed.get(name);
  if (!one) followed.set(name, (one = begin(name)));
  return one;
}

/** Keep a run followed for as long as the calling component is shown. */
export function useFollow(name: string): void {
  useEffect(() => {
    const one = open(name);
    one.readers += 1;
    return () => {
      one.readers -= 1;
      window.setTimeout(() => {
        if (one.readers || followed.get(name) !== one) return;
        followed.delete(name);
        one.end();
      }, 2000); // the next view of the same run is often a moment away
    };
  }, [name]);
}

export function useLive<T>(name: string, select: (state: LiveRun) => T): T {
  return useStore(open(name).store, select);
}

export const useTask = (run: string, task: string): TaskView | undefined => useLive(run, (state) => state.tasks[task]);

/** Several runs at once, in the order of their names; those not read yet are left out. */
export function useRuns(names: string[]): RunView[] {
  const key = names.join("\n");
  const kept = useRef<RunView[]>([]);
  useEffect(() => {
    const opened = key ? key.split("\n").map(open) : [];
    opened.forEach((one) => (one.readers += 1));
    return () => opened.forEach((one) => (one.readers -= 1));
  }, [key]);
  const subscribe = useCallback((ear: () => void) => {
    const ends = key ? key.split("\n").map((name) => open(name).store.subscribe(ear)) : [];
    return () => ends.forEach((end) => end());
  }, [key]);
  const read = () => {
    const fresh = names.flatMap((name) => open(name).store.getState().run ?? []);
    if (fresh.length !== kept.current.length || fresh.some((one, at) => one !== kept.current[at])) kept.current = fresh;
    return kept.current;
  };
  return useSyncExternalStore(subscribe, read);
}

/** Call `ear` with every batch of new events. */
export function useEvents(name: string, ear: Ear): void {
  useEffect(() => {
    const one = open(name);
    one.ears.add(ear);
    return () => void one.ears.delete(ear);
  }, [name, ear]);
}

/** End every feed, for a page whose right to them is about to end: what it shows stays as it is. */
export const endFeeds = (): void => followed.forEach((one) => one.end());

export const refreshRun = (name: string): void => followed.get(name)?.refresh();
