// A diff, file by file; a file folds, and a long one shows its beginning until a person asks for all of it.
import { Button } from "antd";
import { memo, useMemo, useState } from "react";
import type { Diff } from "../api/types";
import { parseDiff, type DiffFile } from "../task/diff";
import { useSay } from "../words";
import { Quiet } from "./Panel";

const SHOWN = 400;

/** With `only`, files of other paths wait behind a button. */
export function DiffView({ diff, only }: { diff: Diff | null; only?: string[] }) {
  const say = useSay();
  const [all, setAll] = useState(false);
  const every = useMemo(() => parseDiff(diff?.text ?? ""), [diff?.text]);
  const wanted = only && !all ? every.filter((file) => only.includes(file.path)) : every;
  const files = wanted.length ? wanted : every;
  if (!files.length) return <Quiet>{say("task.noDiff")}</Quiet>;
  return (
    <div className="diff">
      {files.map((file) => <File key={file.path} file={file} />)}
      {files.length < every.length ? <Button type="link" onClick={() => setAll(true)}>{say("task.otherFiles", { count: every.length - files.length })}</Button> : null}
      {diff?.cut ? <p className="quiet">{say("task.cut")}</p> : null}
    </div>
  );
}

const File = memo(function File({ file }: { file: DiffFile }) {
  const say = useSay();
  const [whole, setWhole] = useState(false);
  const lines = whole ? file.lines : file.lines.slice(0, SHOWN);
  return (
    <details open className="diff-file">
      <summary><code>{file.path}</code><span className="added">+{file.added}</span><span className="removed">−{file.removed}</span></summary>
      <div className="diff-lines" tabIndex={0} role="region" aria-label={file.path}>
        {lines.map((line, at) => (
          <div key={at} className={`diff-line ${line.kind}`}>
            <span className="no">{line.old ?? ""}</span><span className="no">{line.new ?? ""}</span>
            <span className="sign" aria-hidden>{line.kind === "add" ? "+" : line.kind === "del" ? "−" : " "}</span><code>{line.text}</code>
          </div>
        ))}
      </div>
      {lines.length < file.lines.length ? <Button type="link" onClick={() => setWhole(true)}>{say("of", { part: lines.length, whole: file.lines.length })} · {say("more")}</Button> : null}
    </details>
  );
});
