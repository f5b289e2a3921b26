// Every word of the page, in English and Chinese; which one is told by the browser's language.

const EN = {
  skip: "Skip to the content", site: "Site", docs: "API", logout: "Log out", runs: "Runs", noRuns: "No runs yet.",
  nothingTitle: "Nothing to watch yet", nothingText: "Start a run and it will show up here.",
  runActions: "Steer the run", pause: "Pause", resume: "Resume", cancel: "Cancel run", progress: "Progress",
  needsYou: "Needs you", tasks: "Tasks", status: "Status", task: "Task", reason: "Reason", window: "Window",
  attempts: "Attempts", actions: "Actions", showAll: "Show all", windows: "Windows", train: "Train",
  emptyTrain: "Nothing waits to land.", activity: "Activity", close: "Close", keep: "Keep it going",
  live: "live", connecting: "connecting …", lost: "connection lost, trying again …",
  simulated: "simulated", simulatedRun: "Agents of this run are simulated: their work is scripted.",
  retry: "Retry", cancelTask: "Cancel", answer: "Answer", yourAnswer: "Your answer", yourCommit: "Or the id of a commit of yours that settles it", idle: "idle",
  notLed: "No process leads this run now, so nothing goes on. To go on: tianting resume {0}",
  showing: "Showing {0} of {1}.", facts: "{0} · lands on {1} · started {2}", landedOf: "{0} of {1} landed",
  cancelRunTitle: "Cancel the run?",
  cancelRunText: "Live agents are stopped. Their work is kept, and nothing more lands.",
  cancelTaskTitle: "Cancel task {0}?", cancelTaskText: "Its agent is stopped. Its work so far is kept.",
  sent: "Sent.", waits: "Sent. It waits until a process leads the run.", refused: "Refused: {0}", failed: "That failed: {0}",
  first: "first", ahead: "{0} ahead", carried: "carried over", landing: "landing", gateNone: "waits for its gate",
  gateRunning: "gate runs", gateGreen: "gate green", gateRed: "gate red", conflictIn: "{0} conflict(s)",
  role: "Role", needs: "Needs", prompt: "What is asked", history: "Attempts", gates: "Gates", diff: "Changes",
  transcript: "Transcript", noDiff: "No changes to show.", cut: "… there is more than is shown", noLines: "Nothing was said.",
  attempt: "Attempt {0} in {1}", newEvents: "log of events", filter: "Show only: {0}", userCommits: "commits on {0}",
  about: { agent: "An agent asks", conflict: "A conflict to settle", approval: "Waits for approval" },
  choices: {
    ours: "Keep the trunk's side", theirs: "Take this task's side", both: "Keep the lines of both", retry: "Do the task again",
    drop: "Drop it", approve: "Approve", commit: "Use a commit",
  },
  statuses: {
    WAITING: "Waiting", RUNNING: "Running", PROPOSED: "Proposed", GATING: "Gating", CONFLICTED: "Conflicted", LANDED: "Landed",
    FAILED: "Failed", CANCELLED: "Cancelled",
  },
  runStatuses: {
    launching: "Launching", refused: "Could not start", running: "Running", waiting: "Waiting for you", paused: "Paused", finished: "Finished",
    failed: "Failed", cancelled: "Cancelled",
  },
  whys: {},
  events: {
    PlanAccepted: "The plan was accepted", IntentAccepted: "{by} asked: {intent}", IntentRefused: "Refused {intent}: {why}",
    AttemptDispatched: "{task} goes to {window}, attempt {number}", AttemptStarted: "{task} is at work in {window}",
    AttemptProgressed: "{task}: {note}", SnapshotTaken: "Work of {task} was kept: {why}",
    AttemptSucceeded: "{task} is done in {window}", AttemptFailed: "{task} failed: {failure}", QuestionAsked: "Question: {question}",
    QuestionAnswered: "{by} answered {question}: {text}", CandidateProposed: "{candidate} asks to land",
    CandidateProbed: "{candidate} merges cleanly", ConflictFound: "{candidate} conflicts in {conflicts}",
    ConflictResolved: "{candidate} resolved by {by}: {how}", GateStarted: "Gate of {candidate} began",
    ChecksPassed: "Gate of {candidate} is green ({seconds} s)", ChecksFailed: "Gate of {candidate} is red: {gate}",
    CandidateDropped: "{candidate} left the train: {failure}", ApprovalGiven: "{by} approved {task}",
    LandingDispatched: "Landing {candidates}", Landed: "{candidate} landed", LandingRefused: "Landing refused: {why}",
    TaskCancelled: "{by} cancelled {task}", RunPaused: "{by} paused the run", RunResumed: "{by} resumed the run",
    LeaseTaken: "A process leads the run", TrunkMoved: "The trunk was moved by somebody else", RunFinished: "The run has ended",
  },
};

const ZH = {
  skip: "跳到正文", site: "站点", docs: "接口", logout: "退出登录", runs: "运行", noRuns: "还没有运行。",
  nothingTitle: "暂时没有可看的内容", nothingText: "启动一次运行，它就会出现在这里。",
  runActions: "控制运行", pause: "暂停", resume: "继续", cancel: "取消运行", progress: "进度",
  needsYou: "需要你处理", tasks: "任务", status: "状态", task: "任务", reason: "原因", window: "窗口",
  attempts: "尝试", actions: "操作", showAll: "全部显示", windows: "窗口", train: "合入队列",
  emptyTrain: "没有等待合入的分支。", activity: "动态", close: "关闭", keep: "继续进行",
  live: "实时", connecting: "连接中……", lost: "连接已断开，正在重试……",
  simulated: "模拟", simulatedRun: "本次运行的智能体是模拟的：其工作由脚本写定。",
  retry: "重试", cancelTask: "取消", answer: "回答", yourAnswer: "你的回答", yourCommit: "或填写你已解决冲突的提交编号", idle: "空闲",
  notLed: "目前没有进程主持这次运行，一切停在原处。要继续：tianting resume {0}",
  showing: "显示 {0} 项，共 {1} 项。", facts: "{0} · 合入 {1} · 开始于 {2}", landedOf: "已合入 {0}，共 {1}",
  cancelRunTitle: "取消这次运行？", cancelRunText: "正在工作的智能体会被停止，其成果会保留，不再合入任何分支。",
  cancelTaskTitle: "取消任务 {0}？", cancelTaskText: "它的智能体会被停止，已有的成果会保留。",
  sent: "已发送。", waits: "已发送，等待有进程主持这次运行。", refused: "被拒绝：{0}", failed: "操作失败：{0}",
  first: "队首", ahead: "前面还有 {0} 个", carried: "沿用结果", landing: "合入中", gateNone: "等待检查",
  gateRunning: "检查中", gateGreen: "检查通过", gateRed: "检查未通过", conflictIn: "{0} 处冲突",
  role: "角色", needs: "依赖", prompt: "任务说明", history: "尝试记录", gates: "检查记录", diff: "改动",
  transcript: "对话记录", noDiff: "没有可显示的改动。", cut: "……内容过长，未全部显示", noLines: "没有记录。",
  attempt: "第 {0} 次尝试，窗口 {1}", newEvents: "事件日志", filter: "只显示：{0}", userCommits: "{0} 上的提交",
  about: { agent: "智能体提问", conflict: "有冲突待裁决", approval: "等待批准" },
  choices: {
    ours: "保留主干一方", theirs: "采用任务一方", both: "两方的行都保留", retry: "重做任务", drop: "放弃", approve: "批准",
    commit: "使用某个提交",
  },
  statuses: {
    WAITING: "等待", RUNNING: "进行中", PROPOSED: "待合入", GATING: "检查中", CONFLICTED: "有冲突", LANDED: "已合入",
    FAILED: "失败", CANCELLED: "已取消",
  },
  runStatuses: {
    launching: "启动中", refused: "无法启动", running: "进行中", waiting: "等待你", paused: "已暂停", finished: "已完成", failed: "失败",
    cancelled: "已取消",
  },
  whys: {
    AtWork: "正在 {0} 中工作", NeedsNotLanded: "等待 {*} 先合入", NeedGone: "依赖的 {0} 未能完成；可重试 {0}",
    ClaimHeld: "需要的 {0} 被 {1} 占用，待其合入", PoolFull: "{0} 的 {1} 个窗口都在忙", WindowsFull: "已达到 {0} 个窗口的上限",
    TimeUp: "已用完计划允许的 {0} 秒", CoolingDown: "稍候再试", Paused: "运行已暂停", WaitingForYou: "等待你（{0}）：{1}", Adopting: "其分支即将进入合入队列",
    InTrain: "在合入队列中，前面还有 {0} 个", Conflicts: "冲突文件：{*}", Next: "即将开始", Failed: "失败：{0}", Ended: "已结束",
  },
  events: {
    PlanAccepted: "计划已接受", IntentAccepted: "{by} 要求：{intent}", IntentRefused: "拒绝 {intent}：{why}",
    AttemptDispatched: "{task} 派往 {window}，第 {number} 次尝试", AttemptStarted: "{task} 在 {window} 中开始工作",
    AttemptProgressed: "{task}：{note}", SnapshotTaken: "{task} 的工作已保留：{why}", AttemptSucceeded: "{task} 在 {window} 中完成",
    AttemptFailed: "{task} 失败：{failure}", QuestionAsked: "提问：{question}", QuestionAnswered: "{by} 回答 {question}：{text}",
    CandidateProposed: "{candidate} 请求合入", CandidateProbed: "{candidate} 可干净合并", ConflictFound: "{candidate} 在 {conflicts} 有冲突",
    ConflictResolved: "{by} 解决了 {candidate}：{how}", GateStarted: "{candidate} 开始检查", ChecksPassed: "{candidate} 检查通过（{seconds} 秒）",
    ChecksFailed: "{candidate} 检查未通过：{gate}", CandidateDropped: "{candidate} 离开队列：{failure}", ApprovalGiven: "{by} 批准了 {task}",
    LandingDispatched: "正在合入 {candidates}", Landed: "{candidate} 已合入", LandingRefused: "合入被拒：{why}",
    TaskCancelled: "{by} 取消了 {task}", RunPaused: "{by} 暂停了运行", RunResumed: "{by} 继续了运行", LeaseTaken: "有进程开始主持运行",
    TrunkMoved: "主干被他人移动", RunFinished: "运行结束",
  },
};

const chinese = (navigator.languages || [navigator.language])[0]?.toLowerCase().startsWith("zh");
const WORDS = chinese ? ZH : EN;
export const LANGUAGE = chinese ? "zh-CN" : "en";

function fill(pattern, values) {
  return pattern.replace(/\{(\*|\d+)\}/g, (_, at) =>
    at === "*" ? values.join(chinese ? "、" : ", ") : String(values[Number(at)] ?? ""));
}

export function t(key, ...values) {
  return fill(WORDS[key] ?? key, values);
}

export const status = (name) => WORDS.statuses[name] ?? name;
export const runStatus = (name) => WORDS.runStatuses[name] ?? name;
export const about = (name) => WORDS.about[name] ?? name;
export const choice = (name) => WORDS.choices[name] ?? name;

// English is what the server says; another language puts the same together from the reason's parts.
export function reason(task) {
  const pattern = WORDS.whys[task.why];
  return pattern ? fill(pattern, task.on) : task.reason ?? "";
}

function named(envelope) {
  const { data } = envelope;
  const question = typeof data.question === "object" ? data.question.text : data.question;
  return {
    ...data,
    task: envelope.task ?? data.task?.id ?? "",
    window: envelope.window ?? "",
    candidate: envelope.task ?? data.candidate?.id ?? data.candidate ?? "",
    candidates: (data.candidates ?? []).join(", "),
    conflicts: (data.conflicts ?? []).map((one) => one.path).join(", "),
    failure: data.failure?.detail ?? "",
    intent: data.intent?.kind ?? "",
    seconds: typeof data.seconds === "number" ? data.seconds.toFixed(1) : "",
    question: question ?? "",
  };
}

// One line about an event, for a person.
export function sentence(envelope) {
  const pattern = WORDS.events[envelope.type];
  if (!pattern) return envelope.type;
  const values = named(envelope);
  return pattern.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

const clock = new Intl.DateTimeFormat(LANGUAGE, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "medium", timeStyle: "short" });

export const at = (seconds) => clock.format(new Date(seconds * 1000));
export const date = (seconds) => day.format(new Date(seconds * 1000));

export function elapsed(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

export function translatePage() {
  document.documentElement.lang = LANGUAGE;
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = t(node.dataset.word);
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", t(node.dataset.label));
}
