// One task in a dialog: what is asked of it, its attempts and gates, its changes, what its agent said.

import { el, icon } from "/static/dom.js";
import { api } from "/static/feed.js";
import { at, date, elapsed, reason, status, t } from "/static/words.js";

const $ = (id) => document.getElementById(id);

function part(title, ...children) {
  return el("section", {}, title instanceof Node ? title : el("h3", {}, title), ...children);
}

function badge() {
  return el("span", { class: "badge simulated" }, icon("simulated"), t("simulated"));
}

function facts(task) {
  const rows = [[t("status"), status(task.status)], [t("role"), task.role], [t("needs"), task.needs.join(", ")], [t("reason"), task.reason === null ? "" : reason(task)]];
  return el("dl", { class: "facts" }, ...rows.filter(([, value]) => value).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

function failure(one) {
  if (!one) return null;
  return el("div", { class: "failure" }, el("p", {}, one.detail), one.output ? el("pre", { tabindex: "0" }, one.output) : null);
}

function attempt(one) {
  const time = one.ended ? elapsed(one.ended - one.dispatched) : elapsed(Date.now() / 1000 - one.dispatched);
  return el("li", {},
    el("p", {}, el("strong", {}, t("attempt", one.number, one.window)), ` · ${one.outcome} · ${time} `, one.simulated ? badge() : null),
    el("p", { class: "quiet" }, `${date(one.dispatched)}${one.worktree ? ` · ${one.worktree}` : ""}`),
    one.summary ? el("p", {}, one.summary) : null,
    failure(one.failure));
}

function gate(one) {
  const word = one.passed === null ? t("gateRunning") : one.passed ? t("gateGreen") : t("gateRed");
  return el("li", {},
    el("p", {}, `${at(one.since)} · ${word}${one.carried ? ` · ${t("carried")}` : ""}${one.gate ? ` · ${one.gate}` : ""}`),
    failure(one.failure));
}

function diff(one) {
  if (!one || !one.text) return el("p", { class: "quiet" }, t("noDiff"));
  const kinds = [["+++", "file"], ["---", "file"], ["diff ", "file"], ["@@", "place"], ["+", "added"], ["-", "removed"]];
  const lines = one.text.split("\n").map((line) => {
    const kind = kinds.find(([start]) => line.startsWith(start));
    return el("span", kind ? { class: `line ${kind[1]}` } : { class: "line" }, line || " ");
  });
  return el("div", {}, el("pre", { class: "diff", tabindex: "0" }, ...lines), one.cut ? el("p", { class: "quiet" }, t("cut")) : null);
}

function transcript(lines) {
  if (!lines.length) return el("p", { class: "quiet" }, t("noLines"));
  return el("ol", { class: "transcript", tabindex: "0" }, ...lines.map((line) =>
    el("li", {}, el("span", { class: "when" }, at(line.ts)), el("span", { class: "kind" }, line.kind), el("span", { class: "said" }, line.text))));
}

function saidBy(lines) {
  return el("h3", {}, t("transcript"), " ", lines.some((line) => line.simulated) ? badge() : null);
}

export async function openTask(run, name) {
  const box = $("detail");
  $("detail-title").textContent = name;
  $("detail-body").replaceChildren();
  $("detail-close").onclick = () => box.close();
  box.showModal();
  const task = await api(`/runs/${encodeURIComponent(run)}/tasks/${encodeURIComponent(name)}`);
  $("detail-title").textContent = task.title ? `${task.id} · ${task.title}` : task.id;
  $("detail-body").replaceChildren(...[
    task.simulated ? el("p", {}, badge()) : null,
    facts(task),
    task.prompt ? part(t("prompt"), el("p", { class: "prompt" }, task.prompt)) : null,
    task.history.length ? part(t("history"), el("ol", { class: "attempts" }, ...task.history.map(attempt))) : null,
    task.gates.length ? part(t("gates"), el("ol", { class: "attempts" }, ...task.gates.map(gate))) : null,
    part(t("diff"), diff(task.diff)),
    part(saidBy(task.transcript.lines), transcript(task.transcript.lines)),
  ].filter(Boolean));
}
