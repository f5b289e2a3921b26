// A graph of tasks, or of groups of them: by wave, or by wave and role, which keeps it free of circles.
import type { ForecastView } from "../api/types";
import type { Asked } from "./layout";

export type Grouping = "none" | "role" | "wave";

export interface Group {
  id: string;
  wave: number;
  role: string;
  tasks: string[];
}

export interface Drawn {
  asked: Asked;
  groups: Record<string, Group>;
  critical: Set<string>;
  criticalEdges: Set<string>;
}

export const SIZE = { width: 196, height: 50 };
export const edgeId = (from: string, to: string): string => `${from}→${to}`;

export function draw(forecast: ForecastView, grouping: Grouping, only: Set<string> | null): Drawn {
  const wave = new Map(forecast.waves.flatMap((names, at) => names.map((name): [string, number] => [name, at])));
  const shown = forecast.tasks.filter((one) => !only || only.has(one.id));
  const groups: Record<string, Group> = {};
  const home = new Map<string, string>();
  for (const task of shown) {
    const at = wave.get(task.id) ?? 0;
    const id = grouping === "none" ? task.id : grouping === "wave" ? `wave ${at + 1}` : `${task.role} · ${at + 1}`;
    home.set(task.id, id);
    (groups[id] ??= { id, wave: at, role: grouping === "wave" ? "" : task.role, tasks: [] }).tasks.push(task.id);
  }
  const edges = new Map<string, [string, string]>();
  for (const task of shown) {
    for (const need of task.needs) {
      const [from, to] = [home.get(need), home.get(task.id)!];
      if (from && from !== to) edges.set(edgeId(from, to), [from, to]);
    }
  }
  const path = forecast.critical_path;
  const critical = new Set(path.flatMap((name) => home.get(name) ?? []));
  const criticalEdges = new Set(path.slice(1).flatMap((name, at) => {
    const [from, to] = [home.get(path[at]!), home.get(name)];
    return from && to && from !== to ? [edgeId(from, to)] : [];
  }));
  const boxes = Object.values(groups).map((one) => ({ id: one.id, layer: one.wave }));
  return { asked: { boxes, edges: [...edges.values()], ...SIZE }, groups, critical, criticalEdges };
}

/** What stands around the tasks that something happens to: themselves, what they need, what needs them. */
export function around(forecast: ForecastView, names: Set<string>): Set<string> {
  const near = new Set(names);
  for (const task of forecast.tasks) {
    if (names.has(task.id)) task.needs.forEach((need) => near.add(need));
    if (task.needs.some((need) => names.has(need))) near.add(task.id);
  }
  return near;
}
