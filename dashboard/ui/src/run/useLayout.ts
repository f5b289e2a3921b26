// Asks the worker where the nodes stand; the answer to an older question is not taken.
import { useEffect, useRef, useState } from "react";
import type { Asked, Places } from "./layout";

export function useLayout(asked: Asked | null): { asked: Asked; places: Places } | null {
  const [laid, setLaid] = useState<{ asked: Asked; places: Places } | null>(null);
  const worker = useRef<Worker | null>(null);
  const number = useRef(0);
  useEffect(() => {
    const made = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
    worker.current = made;
    return () => {
      worker.current = null;
      made.terminate();
    };
  }, []);
  useEffect(() => {
    if (!asked || !worker.current) return;
    const mine = (number.current += 1);
    const at = worker.current;
    const hear = (message: MessageEvent<{ number: number; places: Places }>) => {
      if (message.data.number === mine) setLaid({ asked, places: message.data.places });
    };
    at.addEventListener("message", hear);
    at.postMessage({ number: mine, asked });
    return () => at.removeEventListener("message", hear);
  }, [asked]);
  return laid;
}
