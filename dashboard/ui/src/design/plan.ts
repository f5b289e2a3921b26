// A plan's text changed as a person changes the graph: comments, order and everything untouched stay as they are.
import { isMap, isSeq, parseDocument, type Document, type YAMLMap, type YAMLSeq } from "yaml";
import type { ForecastView, PlannedTask } from "../api/types";

export type Value = string | number | boolean | string[] | undefined;

function tasksOf(document: Document): YAMLSeq | null {
  const tasks = document.get("tasks");
  return isSeq(tasks) ? tasks : null;
}

function find(document: Document, id: string): YAMLMap | null {
  const found = tasksOf(document)?.items.find((item) => isMap(item) && item.get("id") === id);
  return isMap(found) ? found : null;
}

const written = (document: Document): string => document.toString({ lineWidth: 0, flowCollectionPadding: false });

function changed(text: string, change: (document: Document) => void): string {
  const document = parseDocument(text);
  if (document.errors.length) return text;
  change(document);
  return written(document);
}

function put(document: Document, task: YAMLMap, key: string, value: Value): void {
  const empty = value === undefined || value === "" || value === false || (Array.isArray(value) && !value.length);
  if (empty) {
    task.delete(key);
    return;
  }
  const node = document.createNode(value);
  if (isSeq(node)) node.flow = true;
  if (typeof value === "string" && value.includes("\n")) (node as { type?: string }).type = "BLOCK_LITERAL";
  task.set(key, node);
}

export const setField = (text: string, id: string, key: string, value: Value): string =>
  changed(text, (document) => {
    const task = find(document, id);
    if (task) put(document, task, key, value);
  });

const listOf = (task: YAMLMap, key: string): string[] => {
  const value = task.get(key);
  return isSeq(value) ? (value.toJSON() as string[]) : [];
};

export const connect = (text: string, from: string, to: string): string =>
  changed(text, (document) => {
    const task = find(document, to);
    if (task && !listOf(task, "needs").includes(from)) put(document, task, "needs", [...listOf(task, "needs"), from]);
  });

export const disconnect = (text: string, from: string, to: string): string =>
  changed(text, (document) => {
    const task = find(document, to);
    if (task) put(document, task, "needs", listOf(task, "needs").filter((need) => need !== from));
  });

export const addTask = (text: string, id: string): string =>
  changed(text, (document) => {
    const task = document.createNode({ id, title: "", prompt: "What is wanted.\n" }) as YAMLMap;
    task.delete("title");
    const tasks = tasksOf(document);
    if (tasks) tasks.add(task);
    else document.set("tasks", document.createNode([task]));
  });

export const removeTask = (text: string, id: string): string =>
  changed(text, (document) => {
    const tasks = tasksOf(document);
    if (!tasks) return;
    tasks.items = tasks.items.filter((item) => !(isMap(item) && item.get("id") === id));
    for (const item of tasks.items) {
      if (isMap(item) && listOf(item, "needs").includes(id)) put(document, item, "needs", listOf(item, "needs").filter((need) => need !== id));
    }
  });

/** A task as the text has it now, whether the whole plan is sound or not. */
export function taskIn(text: string, id: string): Record<string, unknown> | null {
  const document = parseDocument(text);
  return document.errors.length ? null : ((find(document, id)?.toJSON() as Record<string, unknown> | undefined) ?? null);
}

/** The graph that a text draws, sound or not: what can be read of its tasks, layer by layer. */
export function sketch(text: string): ForecastView | null {
  const document = parseDocument(text);
  const tasks = document.errors.length ? null : tasksOf(document);
  if (!tasks) return null;
  const specs = tasks.items.flatMap((item) => (isMap(item) && item.get("id") ? [item] : []));
  const known = new Set(specs.map((task) => String(task.get("id"))));
  const read = specs.map((task): PlannedTask => ({
    id: String(task.get("id")), title: String(task.get("title") ?? ""), role: String(task.get("role") ?? ""), needs: listOf(task, "needs").filter((need) => known.has(need)),
    touches: listOf(task, "touches"), exclusive: listOf(task, "exclusive"), estimate: null, priority: 0, approve: false, adopt: null, simulated: false,
  }));
  const waves: string[][] = [];
  const placed = new Set<string>();
  let left = read;
  while (left.length) {
    const wave = left.filter((task) => task.needs.every((need) => placed.has(need)));
    const next = wave.length ? wave : left; // a circle: the server names it, here it only has to be drawn
    waves.push(next.map((task) => task.id));
    next.forEach((task) => placed.add(task.id));
    left = left.filter((task) => !placed.has(task.id));
  }
  return {
    name: "", trunk: null, order: read.map((task) => task.id), waves, critical_path: [], critical_seconds: 0, makespan: 0, overlaps: [], overlaps_complete: true, windows: [], limit: 0,
    tasks: read,
  };
}

/** Whether `to` leads back to `from` already, so that an arrow from one to the other would close a circle. */
export function wouldCircle(needs: Record<string, string[]>, from: string, to: string): boolean {
  const todo = [from];
  const seen = new Set<string>();
  while (todo.length) {
    const name = todo.pop()!;
    if (name === to) return true;
    if (!seen.has(name)) {
      seen.add(name);
      todo.push(...(needs[name] ?? []));
    }
  }
  return false;
}
