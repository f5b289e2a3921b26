// A run's feed over WebSocket, from a cursor on. A connection that breaks is made again where it stood; one that the
// server refuses twice in a row asks for a fresh snapshot, since its cursor may not be a place of this log any more.
import { Problem } from "../api/client";
import type { Envelope } from "../api/types";

export type Link = "connecting" | "live" | "lost";

export interface Listener {
  take(envelopes: Envelope[]): void;
  link(state: Link): void;
  /** The cursor of a fresh snapshot. */
  resync(): Promise<number>;
}

const FIRST_WAIT = 250;
const LONGEST_WAIT = 8000;
const REFUSALS = 2;
const NOT_ALLOWED = 1008; // the session has ended: the next snapshot is refused, and leads to the login

/** Follow `run` after `cursor` until the returned function is called. */
export function follow(run: string, cursor: number, listener: Listener): () => void {
  let ended = false;
  let place = cursor;
  let wait = FIRST_WAIT;
  let refused = 0;
  let socket: WebSocket | null = null;
  let timer = 0;

  const connect = () => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    let opened = false;
    socket = new WebSocket(`${scheme}://${location.host}/api/v1/runs/${encodeURIComponent(run)}/feed?after=${place}`);
    socket.onopen = () => {
      opened = true;
      refused = 0;
      wait = FIRST_WAIT;
      listener.link("live");
    };
    socket.onmessage = (message: MessageEvent<string>) => {
      const envelopes = (JSON.parse(message.data) as Envelope[]).filter((one) => one.seq > place);
      if (!envelopes.length) return;
      place = envelopes[envelopes.length - 1]!.seq;
      listener.take(envelopes);
    };
    socket.onclose = ({ code }) => {
      if (ended) return;
      listener.link("lost");
      if (!opened) refused += 1;
      if (code === NOT_ALLOWED) refused = REFUSALS;
      timer = window.setTimeout(() => void again(), wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    };
  };

  const again = async () => {
    if (refused >= REFUSALS) {
      try {
        place = await listener.resync();
        refused = 0;
      } catch (problem) {
        if (problem instanceof Problem && problem.status === 401) return; // the page is on its way to the login
        // the server is away: its cursor is as good as any until it is back
      }
    }
    if (!ended) connect();
  };

  listener.link("connecting");
  connect();
  return () => {
    ended = true;
    clearTimeout(timer);
    if (socket) {
      socket.onclose = null;
      socket.close();
    }
  };
}
