// A unified diff as files and lines with their numbers on both sides.
export interface DiffLine {
  kind: "add" | "del" | "same" | "hunk" | "note";
  old: number | null;
  new: number | null;
  text: string;
}

export interface DiffFile {
  path: string;
  added: number;
  removed: number;
  lines: DiffLine[];
}

const HUNK = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/;
const HEADER = /^(?:index |--- |\+\+\+ |similarity |old mode|new mode)/;

export function parseDiff(text: string): DiffFile[] {
  const files: DiffFile[] = [];
  let file: DiffFile | null = null;
  let old = 0;
  let fresh = 0;
  let inside = false;
  for (const line of text.replace(/\n$/, "").split("\n")) {
    const head = /^diff --git (?:"?a\/.*?"?) "?b\/(.*?)"?$/.exec(line);
    if (head) {
      file = { path: head[1]!, added: 0, removed: 0, lines: [] };
      files.push(file);
      inside = false;
      continue;
    }
    if (!file) continue;
    const hunk = HUNK.exec(line);
    if (hunk) {
      [old, fresh, inside] = [Number(hunk[1]), Number(hunk[2]), true];
      file.lines.push({ kind: "hunk", old: null, new: null, text: line });
    } else if (!inside) {
      if (!HEADER.test(line)) file.lines.push({ kind: "note", old: null, new: null, text: line });
    } else if (line.startsWith("+")) {
      file.added += 1;
      file.lines.push({ kind: "add", old: null, new: fresh++, text: line.slice(1) });
    } else if (line.startsWith("-")) {
      file.removed += 1;
      file.lines.push({ kind: "del", old: old++, new: null, text: line.slice(1) });
    } else if (line.startsWith("\\")) {
      file.lines.push({ kind: "note", old: null, new: null, text: line.slice(2) });
    } else {
      file.lines.push({ kind: "same", old: old++, new: fresh++, text: line.slice(1) });
    }
  }
  return files;
}
