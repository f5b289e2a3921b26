// Which part of a large graph is looked at: the boxes near the view, and those they are joined to. What is drawn as
// elements stays small, however many tasks there are; from far away all of them are drawn on a canvas instead.
import { useStore } from "@xyflow/react";
import { useMemo } from "react";
import type { Places } from "./layout";
import { SIZE, type Drawn } from "./grouping";

export const LARGE = 400;
export const FAR = 0.35;
/** The view moves on in steps of this size (in the graph's own units), so that panning does not choose anew each frame. */
const STEP = 600;

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

export function boundsOf(places: Places, names: Iterable<string>): Rect | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const name of names) {
    const place = places[name];
    if (!place) continue;
    left = Math.min(left, place[0]);
    top = Math.min(top, place[1]);
    right = Math.max(right, place[0] + SIZE.width);
    bottom = Math.max(bottom, place[1] + SIZE.height);
  }
  return left === Infinity ? null : { x: left, y: top, width: right - left, height: bottom - top };
}

/** Null: all of them. */
export function useNear(drawn: Drawn, places: Places, large: boolean): Set<string> | null {
  const view = useStore((state) => {
    if (!large) return "";
    const [x, y, zoom] = state.transform;
    if (zoom < FAR) return "far";
    const step = (value: number) => Math.round(value / STEP);
    return [-x / zoom, -y / zoom, (state.width - x) / zoom, (state.height - y) / zoom].map(step).join(" ");
  });
  return useMemo(() => {
    if (!view) return null;
    const near = new Set<string>();
    if (view === "far") return near;
    const [left, top, right, bottom] = view.split(" ").map((part) => Number(part) * STEP) as [number, number, number, number];
    for (const { id } of drawn.asked.boxes) {
      const place = places[id];
      if (place && place[0] > left - STEP && place[0] < right + STEP / 2 && place[1] > top - STEP && place[1] < bottom + STEP / 2) near.add(id);
    }
    return near;
  }, [view, drawn, places]);
}

/** What lines need at their other end, since a line without an end is not drawn. */
export function withEnds(drawn: Drawn, near: Set<string>): { nodes: Set<string>; edges: [string, string][] } {
  const nodes = new Set(near);
  const edges = drawn.asked.edges.filter(([from, to]) => near.has(from) || near.has(to));
  for (const [from, to] of edges) {
    nodes.add(from);
    nodes.add(to);
  }
  return { nodes, edges };
}
