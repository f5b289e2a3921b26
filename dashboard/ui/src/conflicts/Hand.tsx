// A conflict settled by hand: what each side changed of the base at the left and right, the result to edit between them.
import { basicSetup } from "codemirror";
import { unifiedMergeView } from "@codemirror/merge";
import { EditorState, RangeSetBuilder } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin, type DecorationSet, type ViewUpdate } from "@codemirror/view";
import { useQuery } from "@tanstack/react-query";
import { App, Button, Segmented } from "antd";
import { useEffect, useMemo, useRef, useState } from "react";
import { api, type SideText } from "../api/client";
import type { ConflictCase } from "../api/types";
import { codeLook, readOnly } from "../look/code";
import { Quiet } from "../parts/Panel";
import { refreshRun } from "../live/store";
import { useKeys } from "../shell/keys";
import { useSay } from "../words";
import { begin, isMarked, places, taken, type Side } from "./merge";

const marked = ViewPlugin.fromClass(class {
  decorations: DecorationSet;
  constructor(view: EditorView) {
    this.decorations = marks(view);
  }
  update(change: ViewUpdate) {
    if (change.docChanged) this.decorations = marks(change.view);
  }
}, { decorations: (plugin) => plugin.decorations });

function marks(view: EditorView): DecorationSet {
  const built = new RangeSetBuilder<Decoration>();
  const text = view.state.doc.toString();
  for (const place of places(text)) {
    let at = place.from;
    while (at < place.to) {
      const line = view.state.doc.lineAt(at);
      built.add(line.from, line.from, Decoration.line({ class: "cm-conflict" }));
      at = line.to + 1;
    }
  }
  return built.finish();
}

export default function Hand({ run, one }: { run: string; one: ConflictCase }) {
  const say = useSay();
  const { message } = App.useApp();
  const paths = useMemo(() => [...new Set(one.conflicts.map((conflict) => conflict.path))], [one.conflicts]);
  const [path, setPath] = useState(paths[0]!);
  const [results, setResults] = useState<Record<string, string>>({});
  const { data, error } = useQuery({
    queryKey: ["sides", run, one.candidate, one.onto, paths.join("\n")], staleTime: Infinity, retry: false,
    queryFn: () => Promise.all(paths.map((name) => api.sides(run, one.candidate, name))),
  });
  useEffect(() => {
    if (!data) return;
    const text = (side: SideText | null) => side?.text ?? "";
    setResults(Object.fromEntries(data.map((sides) => [sides.path, begin(text(sides.base), text(sides.ours), text(sides.theirs))])));
  }, [data]);
  const blocked = !data || paths.some((name) => results[name] === undefined || isMarked(results[name]));
  const save = async () => {
    try {
      await api.settle(run, one.candidate, Object.entries(results).map(([name, text]) => ({ path: name, text })));
      void message.success(say("sent"));
      refreshRun(run);
    } catch (problem) {
      void message.error(say("failed", { why: (problem as Error).message }), 10);
    }
  };
  useKeys({ "mod+enter": () => (blocked ? false : void save()) });
  if (error) return <Quiet>{say("hand.none")} {error.message}</Quiet>;
  const sides = data?.find((each) => each.path === path);
  if (!sides || results[path] === undefined) return <Quiet>{say("loading")}</Quiet>;
  if ([sides.ours, sides.theirs].some((side) => side && side.text === null)) return <Quiet>{say("hand.noText")}</Quiet>;
  const left = Object.values(results).reduce((sum, text) => sum + places(text).length, 0);
  return (
    <section className="hand" aria-label={say("hand.title")}>
      {paths.length > 1 ? <Segmented value={path} onChange={setPath} options={paths} aria-label={say("question.paths")} /> : null}
      <Editors key={path} base={sides.base?.text ?? ""} ours={sides.ours?.text ?? ""} theirs={sides.theirs?.text ?? ""} result={results[path]!}
        change={(text) => setResults((before) => ({ ...before, [path]: text }))} />
      <footer className="hand-foot">
        <span role="status">{left ? say("hand.left", { count: left }) : say("hand.done")}</span>
        <span className="quiet">{say("hand.gate")}</span>
        <Button type="primary" disabled={blocked} onClick={() => void save()}>{say("hand.save")}</Button>
      </footer>
    </section>
  );
}

interface EditorsProps {
  base: string;
  ours: string;
  theirs: string;
  result: string;
  change: (text: string) => void;
}

function Editors({ base, ours, theirs, result, change }: EditorsProps) {
  const say = useSay();
  const view = useRef<EditorView | null>(null);
  const take = (side: Side) => {
    const editor = view.current;
    if (!editor) return;
    const all = places(editor.state.doc.toString());
    const head = editor.state.selection.main.head;
    const place = all.find((one) => head >= one.from && head <= one.to) ?? all[0];
    if (!place) return;
    editor.dispatch({ changes: { from: place.from, to: place.to, insert: taken(place, side) }, selection: { anchor: place.from } });
    next();
  };
  const next = () => {
    const editor = view.current;
    if (!editor) return;
    const head = editor.state.selection.main.head;
    const all = places(editor.state.doc.toString());
    const place = all.find((one) => one.from > head) ?? all[0];
    if (place) editor.dispatch({ selection: { anchor: place.from }, effects: EditorView.scrollIntoView(place.from, { y: "center" }) });
    editor.focus();
  };
  useKeys({ 1: () => take("ours"), 2: () => take("both"), 3: () => take("theirs") });
  return (
    <>
      <div className="hand-deeds" role="group" aria-label={say("hand.result")}>
        <Button onClick={() => take("ours")}>{say("hand.takeTrunk")}</Button>
        <Button onClick={() => take("both")}>{say("hand.takeBoth")}</Button>
        <Button onClick={() => take("theirs")}>{say("hand.takeTask")}</Button>
        <Button onClick={next}>{say("hand.next")}</Button>
      </div>
      <div className="three">
        <Pane title={say("hand.trunk")} note={say("hand.base")} text={ours} original={base} />
        <Pane title={say("hand.result")} text={result} change={change} hold={view} />
        <Pane title={say("hand.task")} note={say("hand.base")} text={theirs} original={base} />
      </div>
    </>
  );
}

interface PaneProps {
  title: string;
  note?: string;
  text: string;
  original?: string;
  change?: (text: string) => void;
  hold?: { current: EditorView | null };
}

function Pane({ title, note, text, original, change, hold }: PaneProps) {
  const say = useSay();
  const box = useRef<HTMLDivElement>(null);
  const began = useRef(text);
  useEffect(() => {
    const editor = new EditorView({
      parent: box.current!, doc: began.current,
      extensions: [
        basicSetup, codeLook, EditorView.contentAttributes.of({ "aria-label": title }),
        original === undefined
          ? [marked, EditorView.updateListener.of((update) => update.docChanged && change?.(update.state.doc.toString()))]
          : [readOnly, EditorState.phrases.of({ "$ unchanged lines": say("hand.unchanged") }), unifiedMergeView({ original, mergeControls: false, gutter: true, collapseUnchanged: { margin: 3, minSize: 8 } })],
      ],
    });
    if (hold) hold.current = editor;
    return () => {
      if (hold) hold.current = null;
      editor.destroy();
    };
    // The text is the editor's own from here on.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [title, original]);
  return <div className="pane"><h3>{title} {note ? <span className="quiet">{note}</span> : null}</h3><div ref={box} className="pane-code" /></div>;
}
