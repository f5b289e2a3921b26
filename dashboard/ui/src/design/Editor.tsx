// The plan's text, with its faults where they are, as a person types.
import { basicSetup } from "codemirror";
import { yaml } from "@codemirror/lang-yaml";
import { lintGutter, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { EditorView } from "@codemirror/view";
import { useEffect, useRef } from "react";
import type { Checked } from "../api/types";
import { codeLook } from "../look/code";
import { useNewest } from "../parts/steer";

interface Props {
  text: string;
  label: string;
  faults: Checked["faults"];
  change: (text: string) => void;
  line: number;
}

export function Editor({ text, label, faults, change, line }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const tell = useNewest(change);
  useEffect(() => {
    const editor = new EditorView({
      parent: box.current!,
      extensions: [
        basicSetup, yaml(), lintGutter(), codeLook, EditorView.contentAttributes.of({ "aria-label": label }),
        EditorView.updateListener.of((update) => update.docChanged && tell.current(update.state.doc.toString())),
      ],
    });
    view.current = editor;
    return () => editor.destroy();
  }, [label, tell]);
  useEffect(() => {
    const editor = view.current;
    if (editor && editor.state.doc.toString() !== text) editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
  }, [text, label]);
  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const shown = faults.map((fault): Diagnostic => {
      const at = editor.state.doc.line(Math.min(Math.max(1, fault.line ?? 1), editor.state.doc.lines));
      return { from: Math.min(at.to, at.from + Math.max(0, (fault.column ?? 1) - 1)), to: at.to, severity: "error", message: fault.message };
    });
    editor.dispatch(setDiagnostics(editor.state, shown));
  }, [faults]);
  useEffect(() => {
    const editor = view.current;
    if (!editor || !line || line > editor.state.doc.lines) return;
    const at = editor.state.doc.line(line).from;
    editor.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
  }, [line]);
  return <div ref={box} className="plan-text" />;
}
