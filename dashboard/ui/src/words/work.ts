// Words of the conflict inbox and of the train.
export const en = {
  conflicts: {
    inbox: "Inbox", audit: "Settled", noneOpen: "No conflict is open.", noneSettled: "No conflict has been settled yet.", choose: "Settle it", found: "found {{when}}",
    kind: { text: "text", structure: "structure", api: "API", schema: "schema", resource: "resource" } as Record<string, string>,
    settled: { resolved: "resolved", gone: "gone by itself", dropped: "dropped with its branch" } as Record<string, string>,
    rung: "Rung", by: "By", how: "How", paths: "Paths", review: "What it changed", sides: "Sides", base: "Base", ours: "Trunk", theirs: "This task", result: "Result",
    missing: "does not exist here", overlaps: "Overlaps", matrix: "Which tasks overlap", undo: "Undo by a new task", undoHint: "Writes a plan that turns the landed merge around; you see it before it runs.", seen: "seen now between live windows", foreseen: "foreseen from what they claim", apart: "kept apart", maybe: "not certain", notSettled: "Not settled so far: {{why}}.", list: "Conflicts", open: "open", onto: "onto {{commit}}", pick: "Choose a conflict.", again: "Retry the task",
  },
  train: {
    title: "Train", hint: "In the order in which they would land; each is gated on top of those ahead of it.", place: "Place", candidate: "Candidate", gate: "Gate", commit: "Speculative commit", onto: "On top of",
    actions: "Actions", up: "Earlier", down: "Later", drop: "Remove", dropTitle: "Remove {{candidate}} from the train?", dropText: "Its commits are kept. Its task counts as failed and can be tried again.",
    approve: "Approve", dropped: "leaves the train: {{why}}", trunk: "Trunk", gates: "Gates so far", noGates: "No gate has run yet.", took: "Took", output: "Output", head: "Head", when: "When", result: "Result", lane: "Lane", outputOf: "What the gate of {{task}} prints", silent: "Nothing was printed yet.", noOutput: "Nothing was printed.", left: "Left the train", why: "Why",
  },
};

export const zh: typeof en = {
  conflicts: {
    inbox: "待裁决", audit: "已处理", noneOpen: "没有未决的冲突。", noneSettled: "还没有处理过冲突。", choose: "裁决", found: "发现于 {{when}}",
    kind: { text: "文本", structure: "结构", api: "接口", schema: "数据库", resource: "资源" },
    settled: { resolved: "已解决", gone: "自行消失", dropped: "随分支放弃" },
    rung: "方式", by: "由谁", how: "怎样", paths: "文件", review: "改动了什么", sides: "各方", base: "共同起点", ours: "主干", theirs: "本任务", result: "结果",
    missing: "此处不存在", overlaps: "重叠", matrix: "哪些任务有重叠", undo: "用新任务撤销", undoHint: "写出一份反转该次合入的计划，运行前可先查看。", seen: "此刻在工作中的窗口之间看到", foreseen: "按声明预见", apart: "将错开", maybe: "不确定", notSettled: "尚未解决：{{why}}。", list: "冲突", open: "未决", onto: "基于 {{commit}}", pick: "请选择一处冲突。", again: "重做任务",
  },
  train: {
    title: "合入队列", hint: "按将要合入的顺序排列；每个分支都叠加在前面的分支之上接受检查。", place: "位置", candidate: "分支", gate: "检查", commit: "推测提交", onto: "叠加在",
    actions: "操作", up: "提前", down: "推后", drop: "移出", dropTitle: "把 {{candidate}} 移出队列？", dropText: "其提交会保留；任务记为失败，可以重试。",
    approve: "批准", dropped: "离开队列：{{why}}", trunk: "主干", gates: "已做的检查", noGates: "还没有做过检查。", took: "用时", output: "输出", head: "分支顶端", when: "时间", result: "结果", lane: "车道", outputOf: "{{task}} 的检查输出", silent: "还没有输出。", noOutput: "没有输出。", left: "已离开队列", why: "原因",
  },
};
