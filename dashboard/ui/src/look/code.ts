// How code editors look, by the tokens of the page; they carry the page's nonce for their styles.
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorState, Prec, type Extension } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { nonce } from "./nonce";

const looks = EditorView.theme({
  "&": { height: "100%", fontSize: "12.5px", backgroundColor: "var(--panel)", color: "var(--ink)" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--raised)", color: "var(--quiet)", border: "0" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--accent-soft) 50%, transparent)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--accent-soft) !important" },
  ".cm-panels, .cm-tooltip": { backgroundColor: "var(--panel)", color: "var(--ink)", borderColor: "var(--strong-line)" },
  ".cm-deletedChunk": { backgroundColor: "var(--removed-soft)" },
  ".cm-changedLine, .cm-insertedLine": { backgroundColor: "var(--added-soft) !important" },
  ".cm-deletedLine, .cm-deletedText": { color: "var(--removed)" },
  ".cm-changedText": { background: "none !important", fontWeight: "700" },
  // The mark of the library is in few fonts.
  ".cm-collapsedLines": { color: "var(--quiet)", background: "var(--raised)" },
  ".cm-collapsedLines:before, .cm-collapsedLines:after": { content: "'⋯'" },
  ".cm-conflict": { backgroundColor: "var(--s-conflicted-soft)" },
});

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--s-running)" },
  { tag: [tags.string, tags.content], color: "var(--s-landed)" },
  { tag: [tags.comment, tags.meta], color: "var(--quiet)", fontStyle: "italic" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--s-proposed)" },
  { tag: tags.keyword, color: "var(--s-conflicted)" },
]);

// These keys are the page's: to settle or launch, and the palette.
const left = Prec.highest(keymap.of(["Mod-Enter", "Mod-k", "Mod-s"].map((key) => ({ key, run: () => true }))));

export const codeLook: Extension = [left, looks, syntaxHighlighting(colours), EditorView.cspNonce.of(nonce), EditorView.lineWrapping];
export const readOnly: Extension = [EditorState.readOnly.of(true), EditorView.editable.of(false), EditorView.contentAttributes.of({ tabindex: "0" })];
