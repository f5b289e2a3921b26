// Words of the plan desk, of settling a conflict by hand, and of what is taken out of a finished run.
export const en = {
  desk: {
    title: "Plan", text: "Plan text", graph: "Graph of the plan", dryRun: "Dry run", launch: "Launch", launched: "Launched {{run}}.", noLauncher: "No process takes launches here. Start one: tianting serve",
    open: "Open a file", fromRepository: "From the repository", path: "Path of a plan in the repository", read: "Read", store: "Save there", stored: "Saved as {{path}} in the repository; committing it is yours.", templates: "Templates", versions: "Versions", launchedVersions: "Launched", keptVersions: "Kept in this browser", restore: "Go back to it", compareWith: "What has changed since",
    keepVersion: "Keep this version", kept: "Kept.", download: "Download", sound_one: "The plan is sound: {{count}} task.", sound_other: "The plan is sound: {{count}} tasks.", faults_one: "{{count}} fault", faults_other: "{{count}} faults", line: "line {{line}}", waves: "Waves", critical: "Critical path", makespan: "Foreseen time",
    bound: "Lower bound", windows: "Windows", overlaps: "Foreseen overlaps", noOverlaps: "No two tasks that could run at once claim the same.", exclusiveOverlap: "kept apart", addTask: "Add a task", task: "Task", id: "Id", titleOf: "Title",
    role: "Role", needs: "Needs", touches: "Touches", exclusive: "Holds alone", estimate: "Estimate", prompt: "What is asked", priority: "Priority", approve: "A person approves it", remove: "Remove the task", pick: "Choose a task in the graph to change it. Drag from one task to another to make the second need the first.",
    connect: "{{to}} needs {{from}}", circle: "That would make a circle.", empty: "Write a plan, open one, or begin from a template.", template: { three: "Three tasks in a row", fan: "One interface, many parts", agents: "Agents with checks" } as Record<string, string>, run: "Command", wave: "Wave {{wave}}",
  },
  hand: {
    title: "Settle by hand", result: "Result", trunk: "Trunk", task: "This task", base: "against their common base", takeTrunk: "Trunk here", takeTask: "Task here", takeBoth: "Both here", next: "Next conflict", left_one: "{{count}} place left to settle", left_other: "{{count}} places left to settle",
    done: "Nothing is left to settle.", save: "Settle with this result", noText: "This side is no text.", none: "The sides can not be had.", gate: "The gate runs at its merge before it lands.", gone: "not there", unchanged: "$ unchanged lines",
  },
  export: { title: "Export", trace: "Chrome trace (Perfetto)", tasks: "Tasks as CSV", log: "Log as JSON lines" },
  replay: { title: "Replay", play: "Play", pause: "Stop", at: "At {{time}}, event {{seq}} of {{last}}", speed: "Speed", scrub: "Place in the log" },
  compare: { title: "Compare", pick: "Choose two runs.", left: "One run", right: "Another", time: "Time", landed: "Landed", attempts: "Attempts", conflicts: "Conflicts", gates: "Gates", spent: "Spent", difference: "Difference", tasks: "Tasks whose time differs most" },
};

export const zh: typeof en = {
  desk: {
    title: "计划", text: "计划文本", graph: "计划的依赖图", dryRun: "预演", launch: "启动", launched: "已启动 {{run}}。", noLauncher: "这里没有接受启动的进程。请运行：tianting serve",
    open: "打开文件", fromRepository: "来自仓库", path: "仓库中计划文件的路径", read: "读取", store: "保存到此", stored: "已保存为仓库中的 {{path}}；提交由你决定。", templates: "模板", versions: "版本", launchedVersions: "已启动的", keptVersions: "保留在此浏览器中的", restore: "恢复到它", compareWith: "此后的改动",
    keepVersion: "保留此版本", kept: "已保留。", download: "下载", sound_one: "计划无误：{{count}} 个任务。", sound_other: "计划无误：{{count}} 个任务。", faults_one: "{{count}} 处错误", faults_other: "{{count}} 处错误", line: "第 {{line}} 行", waves: "批次", critical: "关键路径", makespan: "预计用时",
    bound: "下限", windows: "窗口", overlaps: "预见的重叠", noOverlaps: "可同时进行的任务之间没有重叠。", exclusiveOverlap: "将错开", addTask: "添加任务", task: "任务", id: "编号", titleOf: "标题",
    role: "角色", needs: "依赖", touches: "涉及", exclusive: "独占", estimate: "估时", prompt: "任务说明", priority: "优先级", approve: "需要人工批准", remove: "移除任务", pick: "在图中选择任务即可修改；从一个任务拖到另一个，后者便依赖前者。",
    connect: "{{to}} 依赖 {{from}}", circle: "这样会形成环。", empty: "请编写计划、打开文件，或从模板开始。", template: { three: "依次三个任务", fan: "一个接口，多个部分", agents: "带检查的智能体" }, run: "命令", wave: "第 {{wave}} 批",
  },
  hand: {
    title: "手工解决", result: "结果", trunk: "主干", task: "本任务", base: "相对共同起点", takeTrunk: "此处取主干", takeTask: "此处取任务", takeBoth: "此处都取", next: "下一处冲突", left_one: "还有 {{count}} 处待解决", left_other: "还有 {{count}} 处待解决",
    done: "没有待解决之处。", save: "以此结果解决", noText: "这一方不是文本。", none: "无法取得各方内容。", gate: "合入前会在合并结果上运行检查。", gone: "不存在", unchanged: "$ 行未变",
  },
  export: { title: "导出", trace: "Chrome 跟踪（Perfetto）", tasks: "任务 CSV", log: "日志 JSON 行" },
  replay: { title: "回放", play: "播放", pause: "停止", at: "{{time}}，第 {{seq}} / {{last}} 个事件", speed: "速度", scrub: "日志中的位置" },
  compare: { title: "比较", pick: "请选择两次运行。", left: "一次运行", right: "另一次", time: "用时", landed: "已合入", attempts: "尝试", conflicts: "冲突", gates: "检查", spent: "花费", difference: "差异", tasks: "用时相差最多的任务" },
};
