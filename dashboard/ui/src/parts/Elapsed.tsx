// A length of time that grows while it is looked at; one clock for the whole page.
import { useSyncExternalStore } from "react";
import { lengthOf } from "../words";

const ears = new Set<() => void>();
let now = Math.floor(Date.now() / 1000);
let timer = 0;

function listen(ear: () => void): () => void {
  ears.add(ear);
  if (!timer) {
    timer = window.setInterval(() => {
      now = Math.floor(Date.now() / 1000);
      ears.forEach((one) => one());
    }, 1000);
  }
  return () => {
    ears.delete(ear);
    if (!ears.size) {
      clearInterval(timer);
      timer = 0;
    }
  };
}

export const useNow = (): number => useSyncExternalStore(listen, () => now);

export function Elapsed({ since, until }: { since: number; until?: number | null }) {
  const time = useNow();
  return <time className="elapsed">{lengthOf((until ?? Math.max(time, since)) - since)}</time>;
}
