// Text with terminal colours as spans; every other control sequence is left out.
import type { ReactNode } from "react";

// eslint-disable-next-line no-control-regex
const SEQUENCE = /\u001b\[([0-9;]*)([A-Za-z])/g;
const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

function styled(codes: string, before: string): string {
  let classes = before.split(" ").filter(Boolean);
  for (const code of codes.split(";").map(Number)) {
    if (!code) classes = [];
    else if (code === 1) classes.push("ansi-bold");
    else if (code === 39) classes = classes.filter((one) => !one.startsWith("ansi-c"));
    else if ((code >= 30 && code < 38) || (code >= 90 && code < 98)) classes = [...classes.filter((one) => !one.startsWith("ansi-c")), `ansi-c-${NAMES[code % 10]}`];
  }
  return classes.join(" ");
}

export function coloured(text: string): ReactNode {
  if (!text.includes("\u001b")) return text;
  const parts: ReactNode[] = [];
  let style = "";
  let from = 0;
  for (const match of text.matchAll(SEQUENCE)) {
    if (match.index > from) parts.push(<span key={from} className={style}>{text.slice(from, match.index)}</span>);
    if (match[2] === "m") style = styled(match[1]!, style);
    from = match.index + match[0].length;
  }
  parts.push(<span key={from} className={style}>{text.slice(from)}</span>);
  return parts;
}
