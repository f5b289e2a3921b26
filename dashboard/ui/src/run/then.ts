// The states of tasks at an earlier moment, for views that are shown as they were then; null: as they are now.
import { createContext, useContext } from "react";

export type Statuses = Record<string, string>;

export const Then = createContext<Statuses | null>(null);
export const useThen = (): Statuses | null => useContext(Then);

export function countsOf(statuses: Statuses): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const status of Object.values(statuses)) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
