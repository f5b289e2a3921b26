// A result in the making: git's conflict markers in a text, and taking one side, or both, at a place.
import { diff3Merge } from "node-diff3";

export interface Place {
  from: number;
  to: number;
  ours: string;
  theirs: string;
}

export type Side = "ours" | "theirs" | "both";

const MARK = { ours: "<<<<<<< trunk\n", base: "||||||| base\n", middle: "=======\n", theirs: ">>>>>>> task\n" };
const PLACE = /^<{7} trunk\n([\s\S]*?)^\|{7} base\n[\s\S]*?^={7}\n([\s\S]*?)^>{7} task\n/gm;

const lines = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
const whole = (part: string[]): string => {
  const text = part.join("");
  return text && !text.endsWith("\n") ? `${text}\n` : text;
};

/** What merges by itself, with markers where it does not. */
export function begin(base: string, ours: string, theirs: string): string {
  return diff3Merge(lines(ours), lines(base), lines(theirs), { excludeFalseConflicts: true })
    .map((one) => (one.ok ? one.ok.join("")
      : MARK.ours + whole(one.conflict!.a) + MARK.base + whole(one.conflict!.o) + MARK.middle + whole(one.conflict!.b) + MARK.theirs))
    .join("");
}

export function places(text: string): Place[] {
  return [...text.matchAll(PLACE)].map((match) => (
    { from: match.index, to: match.index + match[0].length, ours: match[1]!, theirs: match[2]! }));
}

export const taken = (place: Place, side: Side): string =>
  side === "ours" ? place.ours : side === "theirs" ? place.theirs : place.ours + place.theirs;

export const isMarked = (text: string): boolean => /^(?:<{7}|>{7}|\|{7})(?: |$)/m.test(text);
