// Versions of a plan: those that this browser keeps (whenever a person asks for it or saves), and those that were
// launched, which the ledger keeps for everybody.
import { diffIndices } from "node-diff3";
import type { Diff } from "../api/types";

export interface Version {
  at: number;
  name: string;
  text: string;
}

/** How a version is called in a list: by the run that was launched with it, or by when this browser kept it. */
export const ofRun = (run: string): string => `run/${run}`;
export const ofBrowser = (at: number): string => `kept/${at}`;

export const nameOf = (text: string): string => /^name:\s*(.+)$/m.exec(text)?.[1]?.replace(/\s+#.*$/, "").trim() ?? "";

const KEPT = "tianting.plan.versions";
const MOST = 30;

export function kept(): Version[] {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "[]") as Version[];
  } catch {
    return [];
  }
}

export function keep(text: string): Version[] {
  const before = kept();
  if (before[0]?.text === text) return before;
  const after = [{ at: Date.now(), name: nameOf(text), text }, ...before].slice(0, MOST);
  localStorage.setItem(KEPT, JSON.stringify(after));
  return after;
}

/** What has changed between two texts, as a unified diff without context. */
export function changes(old: string, fresh: string): Diff {
  const [left, right] = [old.split("\n"), fresh.split("\n")];
  const hunks = diffIndices(left, right).flatMap(({ buffer1, buffer2 }) => [
    `@@ -${buffer1[0] + 1},${buffer1[1]} +${buffer2[0] + 1},${buffer2[1]} @@`,
    ...left.slice(buffer1[0], buffer1[0] + buffer1[1]).map((line) => `-${line}`),
    ...right.slice(buffer2[0], buffer2[0] + buffer2[1]).map((line) => `+${line}`),
  ]);
  const text = hunks.length ? ["diff --git a/plan.yaml b/plan.yaml", ...hunks, ""].join("\n") : "";
  return { base: "", head: "", text, cut: false };
}
