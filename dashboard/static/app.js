// The page: one run as it stands, kept up to date by the feed. Every change is an intent; what became of it comes back
// through the feed like everything else.

import { el, icon, keep, setAttribute, setText } from "/static/dom.js";
import { api, follow, post } from "/static/feed.js";
import { openTask } from "/static/detail.js";
import { about, at, choice, date, elapsed, reason, runStatus, sentence, status, t, translatePage } from "/static/words.js";

const STATUSES = ["RUNNING", "GATING", "PROPOSED", "CONFLICTED", "WAITING", "LANDED", "FAILED", "CANCELLED"];
const ROWS = 300;
const LINES = 200;
const REFRESH = 400;
const RUNS_EVERY = 5000;

const $ = (id) => document.getElementById(id);
const pathRun = () => decodeURIComponent((location.pathname.match(/^\/runs\/([^/]+)$/) || [])[1] || "");

let run = null;
let only = null;
let allRows = false;
let endFeed = () => {};
let refreshing = null;
let refreshedAt = 0;
let seen = 0;
const asked = new Map();

// ------------------------------------------------------------------------------------------------------- small parts

function toast(text, bad = false) {
  const box = $("toast");
  box.replaceChildren(el("p", { class: bad ? "bad" : "" }, text));
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => box.replaceChildren(), 6000);
}

function badge() {
  return el("span", { class: "badge simulated" }, icon("simulated"), t("simulated"));
}

function mark(name, label) {
  return el("span", { class: `mark mark-${name}` }, icon(name), el("span", {}, label));
}

async function intend(intent) {
  try {
    const answer = await post(`/runs/${encodeURIComponent(run.run)}/intents`, intent);
    asked.set(answer.intent, intent.kind);
    toast(answer.led ? t("sent") : t("waits"));
    refresh();
    return true;
  } catch (error) {
    toast(t("failed", error.message), true);
    return false;
  }
}

function confirmed(title, text, yes) {
  const box = $("confirm");
  setText($("confirm-title"), title);
  setText($("confirm-text"), text);
  setText($("confirm-yes"), yes);
  return new Promise((resolve) => {
    const done = (answer) => () => {
      box.close();
      resolve(answer);
    };
    $("confirm-yes").onclick = done(true);
    $("confirm-no").onclick = done(false);
    box.oncancel = () => resolve(false);
    box.showModal();
    $("confirm-no").focus();
  });
}

// --------------------------------------------------------------------------------------------------------- the run

function drawHead() {
  setText($("name"), run.name || run.run);
  document.title = `${run.name || run.run} · ${runStatus(run.status)} · Tianting`;
  const facts = [
    mark(`run-${run.status}`, runStatus(run.status)),
    el("span", {}, t("facts", run.run, run.trunk.branch, run.started ? date(run.started) : "–")),
  ];
  if (run.simulated) facts.splice(1, 0, badge());
  const text = `${run.status}${run.run}${run.simulated}`;
  if ($("facts").dataset.text !== text) {
    $("facts").replaceChildren(...facts);
    $("facts").dataset.text = text;
  }
  const ended = ["finished", "failed", "cancelled"].includes(run.status);
  $("pause").hidden = ended || run.paused;
  $("resume").hidden = ended || !run.paused;
  $("cancel").hidden = ended || run.cancelled;
  const notices = [];
  if (!run.led && !ended && run.seq) notices.push(t("notLed", run.run));
  if (run.refused) notices.push(run.refused);
  if (run.simulated) notices.push(t("simulatedRun"));
  setText($("notice"), notices.join(" "));
  $("notice").hidden = !notices.length;
  setAttribute($("notice"), "data-kind", !run.led && !ended && run.seq ? "warning" : "info");
}

function drawProgress() {
  const total = run.tasks.length || 1;
  const shown = STATUSES.filter((name) => run.counts[name]);
  keep($("bar"), ["LANDED", ...STATUSES.filter((name) => name !== "LANDED")].filter((name) => run.counts[name]),
    (name) => name, (name) => el("span", { class: `part part-${name}` }),
    (node, name) => { node.style.flexGrow = run.counts[name] / total; });
  keep($("counts"), shown, (name) => name, (name) => {
    const button = el("button", { class: "count", "aria-pressed": "false" }, mark(name, status(name)), el("strong", {}));
    button.addEventListener("click", () => {
      only = only === name ? null : name;
      draw();
    });
    return el("li", {}, button);
  }, (node, name) => {
    setText(node.querySelector("strong"), String(run.counts[name]));
    setAttribute(node.firstElementChild, "aria-pressed", only === name ? "true" : "false");
  });
}

function drawQuestions() {
  const focused = $("questions").contains(document.activeElement);
  keep($("questions"), run.questions, (one) => one.id, makeQuestion, () => {});
  $("needs").hidden = !run.questions.length;
  if (focused && !$("questions").contains(document.activeElement)) {
    ($("questions").querySelector("button, input") || $("name")).focus();
  }
}

function makeQuestion(question) {
  const name = `q-${question.id}`;
  let answered = false;
  // Not `disabled`: that would take the keyboard's focus away.
  const answer = async (text, controls) => {
    if (answered) return;
    answered = true;
    controls.forEach((one) => one.setAttribute("aria-disabled", "true"));
    if (await intend({ kind: "AnswerQuestion", question: question.id, text })) return;
    answered = false;
    controls.forEach((one) => one.removeAttribute("aria-disabled"));
  };
  const head = el("p", { class: "question-head" }, mark("question", about(question.about)),
    question.task ? el("span", { class: "quiet" }, question.task) : null, question.simulated ? badge() : null);
  const paths = question.paths.length ? el("p", { class: "paths" }, ...question.paths.slice(0, 12).map((one) => el("code", {}, one))) : null;
  const text = el("p", { class: "question-text", id: name }, question.text);
  const parts = [head, text, paths];
  if (question.choices.length) {
    const buttons = question.choices.map((one) => el("button", { class: one === "approve" ? "primary" : "", title: one }, choice(one)));
    buttons.forEach((button, place) => button.addEventListener("click", () => answer(question.choices[place], buttons)));
    parts.push(el("div", { class: "actions", role: "group", "aria-labelledby": name }, ...buttons));
  }
  if (!question.choices.length || question.about === "conflict") parts.push(freeAnswer(question, name, answer));
  return el("li", {}, ...parts.filter(Boolean));
}

// In words for an agent; for a conflict, the id of a commit in which a person has settled it.
function freeAnswer(question, name, answer) {
  const words = question.about === "conflict" ? t("yourCommit") : t("yourAnswer");
  const field = el("input", { type: "text", id: `${name}-text`, required: true, autocomplete: "off", placeholder: words, "aria-describedby": name });
  const button = el("button", { class: question.about === "conflict" ? "" : "primary" }, t("answer"));
  const form = el("form", { class: "actions" }, el("label", { for: field.id, class: "unseen" }, words), field, button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer(field.value, [field, button]);
  });
  return form;
}

// ------------------------------------------------------------------------------------------------------------ tasks

function drawTasks() {
  const wanted = only ? run.tasks.filter((one) => one.status === only) : run.tasks;
  const rows = allRows ? wanted : wanted.slice(0, ROWS);
  keep($("tasks"), rows, (one) => one.id, makeRow, updateRow);
  $("more").hidden = rows.length === run.tasks.length;
  setText($("more-text"), t("showing", rows.length, run.tasks.length));
  $("more-button").hidden = rows.length === wanted.length;
}

function makeRow(task) {
  const open = el("button", { class: "task-name" }, task.id);
  open.addEventListener("click", () => openTask(run.run, task.id));
  return el("tr", {},
    el("td", { class: "task-status" }),
    el("th", { scope: "row" }, open, el("span", { class: "task-title" }, task.title), task.simulated ? badge() : null),
    el("td", { class: "task-reason" }, el("span", {}), el("span", { class: "note" })),
    el("td", { class: "task-window" }),
    el("td", { class: "number" }),
    el("td", { class: "row-actions" }));
}

function updateRow(row, task) {
  const [state, , why, where, tries, acts] = row.children;
  const shown = task.waiting_for_you ? "question" : task.status;
  if (state.dataset.shown !== shown) {
    state.replaceChildren(mark(shown, task.waiting_for_you ? t("needsYou") : status(task.status)));
    state.dataset.shown = shown;
    row.className = `row-${task.status}`;
  }
  setText(why.firstElementChild, task.reason === null ? "" : reason(task));
  setText(why.lastElementChild, task.note);
  setText(where, task.live ? task.window : "");
  setText(tries, task.attempts ? String(task.attempts) : "");
  const kind = ["FAILED", "CANCELLED", "CONFLICTED"].includes(task.status) ? "RetryTask" : task.status === "LANDED" ? "" : "CancelTask";
  if (acts.dataset.kind !== kind) {
    acts.dataset.kind = kind;
    acts.replaceChildren(...(kind ? [rowAction(kind, task.id)] : []));
  }
}

function rowAction(kind, task) {
  const word = kind === "RetryTask" ? t("retry") : t("cancelTask");
  const button = el("button", { class: "plain", "aria-label": `${word}: ${task}` }, word);
  button.addEventListener("click", async () => {
    const sure = kind === "RetryTask" || await confirmed(t("cancelTaskTitle", task), t("cancelTaskText"), t("cancelTask"));
    if (sure) intend({ kind, task });
  });
  return button;
}

// ---------------------------------------------------------------------------------------------- windows, train, log

function drawWindows() {
  keep($("windows"), run.windows, (one) => one.id,
    () => el("li", {}, el("p", { class: "window-head" }, el("strong", {}), el("span", { class: "window-task" }), el("time", {})), el("p", { class: "note" })),
    (node, one) => {
      const [name, task, time] = node.firstElementChild.children;
      setText(name, one.id);
      setText(task, one.task ?? t("idle"));
      setAttribute(time, "data-since", one.since);
      setText(node.lastElementChild, one.note);
      setAttribute(node, "class", one.task ? "busy" : "idle");
      const label = node.querySelector(".badge");
      if (one.simulated && !label) node.firstElementChild.insertBefore(badge(), time);
      if (!one.simulated && label) label.remove();
    });
  tick();
}

function drawTrain() {
  const words = { none: "gateNone", running: "gateRunning", green: "gateGreen", red: "gateRed" };
  keep($("train"), run.train, (one) => one.candidate,
    () => el("li", {}, el("strong", {}), el("span", { class: "mark-place" }), el("span", { class: "quiet" })),
    (node, one) => {
      setText(node.children[0], one.task ?? t("userCommits", run.trunk.branch));
      const state = one.conflicts ? "CONFLICTED" : one.landing || one.gate === "green" ? "LANDED" : one.gate === "red" ? "FAILED" : one.gate === "running" ? "GATING" : "PROPOSED";
      const text = one.conflicts ? t("conflictIn", one.conflicts) : one.landing ? t("landing") : t(words[one.gate]);
      if (node.dataset.text !== state + text) {
        node.children[1].replaceChildren(mark(state, text));
        node.dataset.text = state + text;
      }
      setText(node.children[2], one.carried ? t("carried") : "");
    });
  $("no-train").hidden = run.train.length > 0;
}

function tick() {
  const now = Date.now() / 1000;
  for (const node of document.querySelectorAll("time[data-since]")) setText(node, elapsed(now - Number(node.dataset.since)));
  for (const node of document.querySelectorAll("time:not([data-since])")) setText(node, "");
}

function logLine(envelope) {
  return el("li", { "data-type": envelope.type }, el("span", { class: "when" }, at(envelope.ts)), " ", el("span", {}, sentence(envelope)));
}

function take(envelopes) {
  const log = $("log");
  const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 24;
  log.append(...envelopes.slice(-LINES).map(logLine));
  while (log.children.length > LINES) log.firstElementChild.remove();
  if (atEnd) log.scrollTop = log.scrollHeight;
  seen = envelopes[envelopes.length - 1].seq;
  for (const { type, data } of envelopes) {
    if (type === "IntentRefused" && asked.delete(data.intent_id)) toast(t("refused", data.why), true);
  }
  refresh();
}

// ---------------------------------------------------------------------------------------------------------- the page

function draw() {
  $("run").hidden = !run;
  if (!run) return;
  $("nothing").hidden = true;
  for (const part of [drawHead, drawProgress, drawQuestions, drawTasks, drawWindows, drawTrain]) part();
}

function refresh() {
  if (refreshing || !run) return;
  const wait = Math.max(0, refreshedAt + REFRESH - Date.now());
  refreshing = setTimeout(async () => {
    let behind = false;
    try {
      refreshedAt = Date.now();
      const fresh = await api(`/runs/${encodeURIComponent(run.run)}`);
      if (fresh.run === run.run) run = fresh;
      draw();
      behind = run.seq < seen;  // of a large run the server may hand out an older snapshot
    } catch (error) {
      toast(t("failed", error.message), true);
    } finally {
      refreshing = null;
    }
    if (behind) refresh();
  }, wait);
}

async function show(name) {
  endFeed();
  $("log").replaceChildren();
  [only, allRows, seen] = [null, false, 0];
  try {
    run = await api(`/runs/${encodeURIComponent(name)}`);
  } catch (error) {
    toast(t("failed", error.message), true);
    return;
  }
  draw();
  endFeed = follow(name, Math.max(0, run.seq - LINES), take, (state) => {
    setText($("link-text"), t(state));
    setAttribute($("link"), "data-state", state);
    if (state === "live") refresh();
  });
  drawRuns();
}

let known = [];

function drawRuns() {
  keep($("runs"), known, (one) => one.run, (one) => {
    const link = el("a", { href: `/runs/${encodeURIComponent(one.run)}` },
      el("span", { class: "run-name" }, el("strong", {}, one.name || one.run), one.simulated ? badge() : null),
      el("span", { class: "run-state" }), el("span", { class: "run-state" }), el("span", { class: "quiet" }));
    link.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      history.pushState(null, "", link.href);
      show(one.run).then(() => $("name").focus());
    });
    return el("li", {}, link);
  }, (node, one) => {
    const [, state, needs, count] = node.firstElementChild.children;
    if (state.dataset.shown !== one.status) {
      state.replaceChildren(mark(`run-${one.status}`, runStatus(one.status)));
      state.dataset.shown = one.status;
    }
    if (needs.dataset.shown !== String(one.questions)) {
      needs.replaceChildren(...(one.questions ? [mark("question", `${t("needsYou")} (${one.questions})`)] : []));
      needs.dataset.shown = String(one.questions);
    }
    setText(count, t("landedOf", one.landed, one.tasks));
    setAttribute(node.firstElementChild, "aria-current", run && one.run === run.run ? "page" : null);
  });
  $("no-runs").hidden = known.length > 0;
}

async function listRuns() {
  try {
    known = (await api("/runs")).runs;
    drawRuns();
    if (!run && !pathRun() && known.length) await show(known[0].run);
    $("nothing").hidden = known.length > 0 || Boolean(run);
  } catch {
    // the feed's state says that the server is away
  } finally {
    setTimeout(listRuns, RUNS_EVERY);
  }
}

translatePage();
$("pause").addEventListener("click", () => intend({ kind: "PauseRun" }));
$("resume").addEventListener("click", () => intend({ kind: "ResumeRun" }));
$("cancel").addEventListener("click", async () => {
  if (await confirmed(t("cancelRunTitle"), t("cancelRunText"), t("cancel"))) intend({ kind: "CancelRun" });
});
$("more-button").addEventListener("click", () => {
  allRows = true;
  draw();
});
$("logout").addEventListener("click", async () => {
  await fetch("/logout", { method: "POST", redirect: "manual" });
  location.assign("/login");
});
addEventListener("popstate", () => pathRun() && show(pathRun()));
setInterval(tick, 1000);
if (pathRun()) await show(pathRun());
listRuns();
