// Words of the overview and of a run's views.
export const en = {
  overview: {
    title: "Overview", nothingTitle: "Nothing to watch yet", nothingText: "Start a run and it will show up here.",
    needsYou: "Needs you", activeRuns: "Active runs", pastRuns: "Past runs", noPast: "No run has ended yet.", name: "Run", state: "State",
    progress: "Progress", begun: "Begun", windowsBusy: "Windows at work", windowsIdle: "idle", waitingForYou: "Waiting for you", asking: "asking", spendOf: "of {{most}}", spendHint: "as far as agents tell; of what the plan allows, where it says so",
    queue: "In the train", concurrency: "Concurrency", concurrencyHint: "live windows, of the limit of the plans", ready: "ready", held: "held",
    spend: "Spent", tokens: "tokens", eta: "Earliest end", etaHint: "by the critical path of what is left", landed: "Landed",
    conflicts: "Conflicts", resolved: "resolved", allQuiet: "Nothing waits for you.", noActive: "No run is active.", repository: "Repository",
  },
  run: {
    actions: "Steer the run", pause: "Pause", resume: "Resume", cancelRun: "Cancel run", cancelTitle: "Cancel the run?",
    cancelText: "Live agents are stopped. Their work is kept, and nothing more lands.", keepGoing: "Keep it going",
    notLed: "No process leads this run now, so nothing goes on. To go on: tianting resume {{run}}",
    simulatedRun: "Agents of this run are simulated: their work is scripted.", onto: "onto {{trunk}}", started: "started {{when}}",
    duration: "Time", views: "Views of the run", graph: "Graph", lanes: "Lanes", tasks: "Tasks", conflictsTab: "Conflicts", train: "Train",
    log: "Log", replay: "Replay", windows: "Windows", activity: "Activity", emptyTrain: "Nothing waits to land.", idle: "idle", seeAll: "All of it",
    unknown: "There is no run of that id.", spent: "Spent by model", takesOver: "ends at the earliest", critical: "Critical path", bound: "Lower bound",
    foreseen: "Foreseen", userCommits: "commits on {{trunk}}", conflictIn_one: "{{count}} conflict", conflictIn_other: "{{count}} conflicts", attempt: "attempt {{number}}", notice: "Notice",
  },
  graph: {
    label: "Tasks and what they need", search: "Find a task", criticalOnly: "Critical path", focus: "Focus what is at work", fit: "Show all",
    group: "Group", groupNone: "Single tasks", groupRole: "By role", groupWave: "By wave", role: "Role {{role}}", wave: "Wave {{wave}}", tasks_one: "{{count}} task", tasks_other: "{{count}} tasks",
    legend: "Legend", laying: "Laying out …", zoomIn: "Zoom in", zoomOut: "Zoom out", many: "{{count}} tasks: grouped; choose single tasks to see each.",
    critical: "on the critical path", node: "{{task}}, {{status}}", noMatch: "No task of that name.", map: "Map of the whole graph",
  },
  lanes: {
    label: "What happened when", byWindow: "By window", byTask: "By task", wait: "Waits for a window", start: "Starts", work: "At work", queue: "In the train",
    gate: "Gate", landed: "Landed", failed: "Failed attempt", conflict: "Conflict", now: "now", bound: "lower bound {{time}}", foreseen: "foreseen {{time}}",
    gates: "gates", table: "The same as a table", task: "Task", from: "From", until: "Until", what: "What", where: "Where", tokens: "{{count}} tokens",
  },
  table: {
    status: "Status", task: "Task", reason: "Why it is where it is", window: "Window", role: "Role", attempts: "Tries", time: "Time", needs: "Needs",
    actions: "Actions", shown: "{{shown}} of {{total}} tasks", filter: "Show only", criticalMark: "on the critical path", empty: "No task fits.", steer: "Steer",
    retry: "Retry", cancel: "Cancel", approve: "Approve", cancelTitle: "Cancel task {{task}}?", cancelText: "Its agent is stopped. Its work so far is kept.", detail: "Details",
  },
  spent: { model: "Runtime and model", cached: "of these cached", usd: "Money" },
  question: { conflictText: "{{task}} conflicts with the trunk in {{paths}}.", approvalText: "{{task}} asks to land.", yourAnswer: "Your answer", yourCommit: "Or the id of a commit of yours that settles it", answer: "Answer", paths: "Paths", inConflicts: "See the sides" },
  activity: { paused: "{{count}} new", follow: "Follow", hold: "Hold", types: "Kinds of events", empty: "Nothing has happened yet." },
};

export const zh: typeof en = {
  overview: {
    title: "总览", nothingTitle: "暂时没有可看的内容", nothingText: "启动一次运行，它就会出现在这里。",
    needsYou: "需要你处理", activeRuns: "进行中的运行", pastRuns: "已结束的运行", noPast: "还没有结束的运行。", name: "运行", state: "状态",
    progress: "进度", begun: "开始", windowsBusy: "忙碌的窗口", windowsIdle: "空闲", waitingForYou: "等待你", asking: "提问中", spendOf: "/ {{most}}", spendHint: "以智能体所报为准；计划设有上限时显示上限",
    queue: "合入队列", concurrency: "并发", concurrencyHint: "工作中的窗口 / 计划的上限", ready: "就绪", held: "被阻",
    spend: "花费", tokens: "词元", eta: "最早结束", etaHint: "按剩余的关键路径推算", landed: "已合入",
    conflicts: "冲突", resolved: "已解决", allQuiet: "没有需要你处理的事。", noActive: "没有进行中的运行。", repository: "仓库",
  },
  run: {
    actions: "控制运行", pause: "暂停", resume: "继续", cancelRun: "取消运行", cancelTitle: "取消这次运行？",
    cancelText: "正在工作的智能体会被停止，其成果会保留，不再合入任何分支。", keepGoing: "继续进行",
    notLed: "目前没有进程主持这次运行，一切停在原处。要继续：tianting resume {{run}}",
    simulatedRun: "本次运行的智能体是模拟的：其工作由脚本写定。", onto: "合入 {{trunk}}", started: "开始于 {{when}}",
    duration: "用时", views: "运行的各个视图", graph: "依赖图", lanes: "泳道", tasks: "任务", conflictsTab: "冲突", train: "合入队列",
    log: "日志", replay: "回放", windows: "窗口", activity: "动态", emptyTrain: "没有等待合入的分支。", idle: "空闲", seeAll: "查看全部",
    unknown: "没有这个编号的运行。", spent: "各模型花费", takesOver: "最早结束于", critical: "关键路径", bound: "下限",
    foreseen: "预计", userCommits: "{{trunk}} 上的提交", conflictIn_one: "{{count}} 处冲突", conflictIn_other: "{{count}} 处冲突", attempt: "第 {{number}} 次尝试", notice: "提示",
  },
  graph: {
    label: "任务与依赖", search: "查找任务", criticalOnly: "关键路径", focus: "聚焦进行中的任务", fit: "显示全部",
    group: "分组", groupNone: "逐个任务", groupRole: "按角色", groupWave: "按批次", role: "角色 {{role}}", wave: "第 {{wave}} 批", tasks_one: "{{count}} 个任务", tasks_other: "{{count}} 个任务",
    legend: "图例", laying: "正在布局……", zoomIn: "放大", zoomOut: "缩小", many: "共 {{count}} 个任务，已分组；选择“逐个任务”可查看每一个。",
    critical: "在关键路径上", node: "{{task}}，{{status}}", noMatch: "没有这个名称的任务。", map: "全图缩略",
  },
  lanes: {
    label: "时间线", byWindow: "按窗口", byTask: "按任务", wait: "等待窗口", start: "启动", work: "工作", queue: "在合入队列中",
    gate: "检查", landed: "已合入", failed: "失败的尝试", conflict: "冲突", now: "现在", bound: "下限 {{time}}", foreseen: "预计 {{time}}",
    gates: "检查", table: "以表格显示", task: "任务", from: "从", until: "到", what: "内容", where: "位置", tokens: "{{count}} 词元",
  },
  table: {
    status: "状态", task: "任务", reason: "为何停在这里", window: "窗口", role: "角色", attempts: "尝试", time: "用时", needs: "依赖",
    actions: "操作", shown: "显示 {{shown}} / {{total}} 个任务", filter: "只显示", criticalMark: "在关键路径上", empty: "没有符合的任务。", steer: "指示",
    retry: "重试", cancel: "取消", approve: "批准", cancelTitle: "取消任务 {{task}}？", cancelText: "它的智能体会被停止，已有的成果会保留。", detail: "详情",
  },
  spent: { model: "运行时与模型", cached: "其中缓存", usd: "金额" },
  question: { conflictText: "{{task}} 与主干在 {{paths}} 有冲突。", approvalText: "{{task}} 请求合入。", yourAnswer: "你的回答", yourCommit: "或填写你已解决冲突的提交编号", answer: "回答", paths: "文件", inConflicts: "查看各方" },
  activity: { paused: "{{count}} 条新动态", follow: "跟随", hold: "停住", types: "事件种类", empty: "还没有任何动静。" },
};
