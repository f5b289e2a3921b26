// Words of the keyboard help, the palette, and the task view.
export const en = {
  keys: {
    title: "Keyboard", palette: "Command palette", help: "This help", overview: "Overview", design: "Write a plan", graph: "Graph of the run", lanes: "Lanes of the run",
    tasks: "Tasks of the run", conflicts: "Conflicts of the run", train: "Train of the run", log: "Log of the run", next: "Next task", previous: "Previous task", open: "Open the task",
    pause: "Pause or resume the run", cancel: "Cancel the run", steer: "Tell the agent of the task", sides: "In a conflict: trunk, both, task", settle: "Settle, send, or launch the plan", add: "Add a task to the plan", replay: "Replay of the run", compare: "Compare runs", search: "Find a task", theme: "Change the colours", language: "Change the language", needs: "To what needs you",
    then: "then",
  },
  palette: { label: "Command palette", placeholder: "A run, a task, a command …", nothing: "Nothing fits.", run: "Run", task: "Task", command: "Command" },
  task: {
    title: "Task", overview: "Facts", transcript: "Transcript", changes: "Changes", attempts: "Attempts", gates: "Gates", prompt: "What is asked",
    touches: "Touches", exclusive: "Holds alone", verify: "Its own checks", branch: "Branch", worktree: "Worktree", window: "Window", commit: "Commit", base: "Base",
    noDiff: "No changes to show.", cut: "There is more than is shown.", noLines: "Nothing was said yet.", steerLabel: "Tell the agent", steerSend: "Send", steerHint: "What should it do differently?",
    steered: "Told so far", kept: "Kept work", failure: "Failure", output: "Output", approved: "approved", needsApproval: "needs approval", priority: "Priority",
    attemptOf: "Attempt {{number}} in {{window}}", outcome: "Outcome", usage: "Usage", follow: "Follow the end", wrap: "Wrap lines", find: "Find in the transcript", lines_one: "{{count}} line", lines_other: "{{count}} lines",
    unknown: "There is no task of that id.", files_one: "{{count}} file", files_other: "{{count}} files", landedAs: "landed as {{commit}}", copyPath: "Copy the path", copyBranch: "Copy the branch", openEditor: "Open the worktree in an editor (VS Code)", dependents: "Needed by", live: "live", succeeded: "succeeded", interrupted: "interrupted",
    next: "Next", previous: "Previous", otherFiles_one: "{{count}} other file, as the trunk brought it", otherFiles_other: "{{count}} other files, as the trunk brought them",
  },
};

export const zh: typeof en = {
  keys: {
    title: "键盘", palette: "命令面板", help: "本帮助", overview: "总览", design: "编写计划", graph: "运行的依赖图", lanes: "运行的泳道",
    tasks: "运行的任务", conflicts: "运行的冲突", train: "运行的合入队列", log: "运行的日志", next: "下一个任务", previous: "上一个任务", open: "打开任务",
    pause: "暂停或继续运行", cancel: "取消运行", steer: "对任务的智能体说话", sides: "冲突中：取主干、都取、取任务", settle: "裁决、发送，或启动计划", add: "向计划添加任务", replay: "运行的回放", compare: "比较运行", search: "查找任务", theme: "切换配色", language: "切换语言", needs: "跳到需要你处理的事",
    then: "然后",
  },
  palette: { label: "命令面板", placeholder: "运行、任务或命令……", nothing: "没有匹配的内容。", run: "运行", task: "任务", command: "命令" },
  task: {
    title: "任务", overview: "概况", transcript: "对话记录", changes: "改动", attempts: "尝试", gates: "检查", prompt: "任务说明",
    touches: "涉及", exclusive: "独占", verify: "自身检查", branch: "分支", worktree: "工作树", window: "窗口", commit: "提交", base: "起点",
    noDiff: "没有可显示的改动。", cut: "内容过长，未全部显示。", noLines: "还没有记录。", steerLabel: "对智能体说", steerSend: "发送", steerHint: "它应当怎样改变做法？",
    steered: "已有指示", kept: "保留的工作", failure: "失败", output: "输出", approved: "已批准", needsApproval: "需要批准", priority: "优先级",
    attemptOf: "第 {{number}} 次尝试，窗口 {{window}}", outcome: "结果", usage: "用量", follow: "跟随末尾", wrap: "自动换行", find: "在记录中查找", lines_one: "{{count}} 行", lines_other: "{{count}} 行",
    unknown: "没有这个编号的任务。", files_one: "{{count}} 个文件", files_other: "{{count}} 个文件", landedAs: "合入为 {{commit}}", copyPath: "复制路径", copyBranch: "复制分支名", openEditor: "在编辑器中打开工作树（VS Code）", dependents: "被依赖", live: "进行中", succeeded: "成功", interrupted: "已中断",
    next: "下一个", previous: "上一个", otherFiles_one: "另有 {{count}} 个文件，由主干带来", otherFiles_other: "另有 {{count}} 个文件，由主干带来",
  },
};
