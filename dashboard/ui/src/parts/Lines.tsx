// Lines that a program prints, read on from the last one for as long as it is at work.
import { useEffect, useRef, useState } from "react";
import { Virtuoso } from "react-virtuoso";
import type { Line } from "../api/types";
import { coloured } from "../task/ansi";
import { clockOf } from "../words";
import { useNewest } from "./steer";

const EVERY = 1000;
export const PAGE = 1000;

/** `key` names what is read; with another one it begins anew. `ask` gives at most `PAGE` lines after a number. */
export function useLines(key: string, live: boolean, ask: (after: number) => Promise<Line[]>): Line[] {
  const [lines, setLines] = useState<Line[]>([]);
  const place = useRef({ key: "", last: 0 });
  const asked = useNewest(ask);
  useEffect(() => {
    let gone = false;
    let timer = 0;
    if (place.current.key !== key) {
      place.current = { key, last: 0 };
      setLines([]);
    }
    const read = async () => {
      for (let more = key !== ""; more;) {
        const page = await asked.current(place.current.last);
        if (gone) return;
        more = page.length === PAGE;
        if (!page.length) return;
        place.current.last = page[page.length - 1]!.no;
        setLines((before) => [...before, ...page]);
      }
    };
    const again = () => {
      void read().catch(() => undefined).finally(() => {
        if (!gone && live) timer = window.setTimeout(again, EVERY);
      });
    };
    again();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [key, live, asked]);
  return lines;
}

interface Props {
  lines: Line[];
  label: string;
  wrap: boolean;
  follow: boolean;
}

export function LineList({ lines, label, wrap, follow }: Props) {
  return (
    <Virtuoso data={lines} className={wrap ? "lines" : "lines nowrap-lines"} role="log" tabIndex={0} aria-label={label}
      followOutput={follow ? "auto" : false} initialTopMostItemIndex={lines.length - 1} computeItemKey={(_, one) => one.no}
      itemContent={(_, one) => <LineOf line={one} />} />
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
