// The keyboard: single keys and two-key ways (`g` then a letter), never while a person writes.
import { useEffect } from "react";
import { useNewest } from "../parts/steer";

/** A deed that returns false leaves the key to the page. */
export type Deeds = Record<string, () => unknown>;

const writes = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

let leader = "";
let pending = "";

/** Do something at a key (`?`, `mod+k`, `g o`); the deeds of the innermost view count first. */
export function useKeys(deeds: Deeds): void {
  const newest = useNewest(deeds);
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      const known = newest.current;
      if ((event.ctrlKey || event.metaKey) && known[`mod+${event.key.toLowerCase()}`]) {
        event.preventDefault();
        known[`mod+${event.key.toLowerCase()}`]!();
        return;
      }
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || writes(event.target)) return;
      const led = leader ? `${leader} ${event.key}` : "";
      const deed = (led && known[led]) || (!led && known[event.key]);
      if (!deed) return;
      if (deed() !== false) event.preventDefault();
    };
    window.addEventListener("keydown", hear);
    return () => window.removeEventListener("keydown", hear);
  }, [newest]);
}

// `g` leads until the next key, whenever that comes; `g g` is the graph. This hears every key before the deeds do.
window.addEventListener("keydown", (event) => {
  if (/^(Shift|Control|Alt|Meta)$/.test(event.key)) return;
  leader = pending;
  pending = event.key === "g" && !leader && !writes(event.target) && !event.ctrlKey && !event.metaKey ? "g" : "";
}, true);
