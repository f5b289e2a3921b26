// A large graph from far away: every task a block in the colour of its state, on one canvas, which lets every click through.
import { useStore } from "@xyflow/react";
import { useEffect, useRef } from "react";
import { useLive } from "../live/store";
import { token, useLook } from "../look/theme";
import { toneOf } from "../parts/marks";
import { SIZE, type Drawn } from "./grouping";
import type { Places } from "./layout";
import { useThen } from "./then";
import { FAR } from "./viewport";

interface Props {
  run: string;
  drawn: Drawn;
  places: Places;
  found: Set<string>;
  label: string;
}

export function Far({ run, drawn, places, found, label }: Props) {
  const board = useRef<HTMLCanvasElement>(null);
  const { dark } = useLook();
  const transform = useStore((state) => state.transform);
  const [width, height] = [useStore((state) => state.width), useStore((state) => state.height)];
  const tasks = useLive(run, (state) => state.tasks);
  const then = useThen();
  const far = transform[2] < FAR;
  useEffect(() => {
    const pen = far ? board.current?.getContext("2d") : null;
    if (!pen) return;
    const sharp = window.devicePixelRatio || 1;
    const [x, y, zoom] = transform;
    const colours: Record<string, string> = {};
    pen.setTransform(sharp, 0, 0, sharp, 0, 0);
    pen.clearRect(0, 0, width, height);
    const size = [Math.max(1, SIZE.width * zoom), Math.max(1, SIZE.height * zoom)] as const;
    for (const [id, place] of Object.entries(places)) {
      const [left, top] = [place[0] * zoom + x, place[1] * zoom + y];
      if (left > width || top > height || left + size[0] < 0 || top + size[1] < 0) continue;
      const name = tasks[id] ? id : (drawn.groups[id]?.tasks[0] ?? "");
      const one = tasks[name];
      const tone = toneOf(then ? (then[name] ?? "WAITING") : one?.waiting_for_you ? "NEEDS_YOU" : (one?.status ?? "WAITING"));
      pen.globalAlpha = found.size && !found.has(id) ? 0.25 : 1;
      pen.fillStyle = colours[tone] ??= token(`--s-${tone}`) || token("--quiet");
      pen.fillRect(left, top, ...size);
      if (drawn.critical.has(id)) {
        pen.strokeStyle = colours.critical ??= token("--s-conflicted");
        pen.strokeRect(left - 1, top - 1, size[0] + 2, size[1] + 2);
      }
    }
    board.current!.dataset.drawn = String(Object.keys(places).length);
  }, [far, transform, width, height, places, tasks, then, drawn, found, dark]);
  if (!far) return null;
  const sharp = window.devicePixelRatio || 1;
  return <canvas ref={board} className="far" width={width * sharp} height={height * sharp} role="img" aria-label={label} />;
}
