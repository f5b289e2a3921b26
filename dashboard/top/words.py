"""The words of the terminal screen in both languages. What the pages say too comes from their own words, which
`make docs` puts into `words.json`; what only a terminal says stands here.

Never: a fact that is not in what was given; a control character of what an agent wrote.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dashboard.envelope import Envelope
from dashboard.snapshot import QuestionView
from dashboard.views import TaskView

EN, ZH = "en", "zh"

_OWN: Mapping[str, Mapping[str, str]] = {
    EN: {
        "task": "Task", "state": "Status", "window": "Window", "tries": "Tries", "time": "Time", "reason": "Why",
        "role": "Role", "note": "What it does", "landed": "{{landed}} of {{tasks}} landed", "busy": "{{busy}} windows",
        "left": "{{left}} left at least", "tokens": "{{tokens}} tokens", "needs": "Needs you ({{count}})",
        "idle": "idle", "trunk": "the trunk", "onto": "onto {{trunk}}",
        "nobody": "nobody leads it: tianting resume {{run}}",
        "keys": "j k task · enter look · a answer · s steer · r retry · c cancel task · C cancel run · p pause · "
        "g c conflicts · g m train · o runs · L 中文 · ? help · q quit",
        "help": "j, k or arrows: choose a task\nenter: the task with its past and its last words\na: answer what is "
        "asked, of this task first\ns: tell the agent of this task something\nr: try this task again\n"
        "c: cancel this task\nC or X: cancel the run\np: pause the run, or let it go on\ng n: to what needs you\n"
        "g c: the conflicts, side by side\ng m: the train, with what its gates print\n"
        "o: choose another run\nL: change the language\nq: leave; the run goes on",
        "sure": "{{what}}? What was done so far is kept.", "cancelTask": "Cancel task {{task}}",
        "cancelRun": "Cancel the run", "steer": "What should {{task}} be told?", "answer": "Your answer",
        "nothing": "Nothing waits for an answer.", "runs": "Runs", "gone": "The server does not answer: {{why}}",
        "attempt": "attempt {{number}} in {{window}}: {{outcome}}", "said": "Last words", "escape": "escape closes",
        "train": "Train", "place": "Place", "lane": "Lane", "gate": "Gate", "onTop": "On top of", "commit": "Commit",
        "conflicts": "{{count}} in conflict", "emptyTrain": "Nothing waits to land.", "silent": "No gate has printed.",
        "trainKeys": "j k candidate · K earlier · J later · d remove · a approve · escape back",
        "dropCandidate": "Remove {{candidate}} from the train", "conflictTitle": "Conflicts", "open": "open",
        "conflictKeys": "j k conflict · f next file · 1 trunk · 2 both · 3 task · r again · d drop · escape back",
        "noConflict": "There was no conflict.", "ours": "Trunk", "base": "Base", "theirs": "This task",
        "absent": "not there as text",
    },
    ZH: {
        "task": "任务", "state": "状态", "window": "窗口", "tries": "尝试", "time": "用时", "reason": "原因",
        "role": "角色", "note": "正在做什么", "landed": "已合入 {{landed}} / {{tasks}}",
        "busy": "{{busy}} 个窗口在工作",
        "left": "至少还需 {{left}}", "tokens": "{{tokens}} 个词元", "needs": "需要你处理（{{count}}）",
        "idle": "空闲", "trunk": "主干", "onto": "合入 {{trunk}}", "nobody": "没有进程主持：tianting resume {{run}}",
        "keys": "j k 任务 · enter 查看 · a 回答 · s 指示 · r 重试 · c 取消任务 · C 取消运行 · p 暂停 · "
        "g c 冲突 · g m 队列 · o 运行 · L English · ? 帮助 · q 退出",
        "help": "j、k 或方向键：选择任务\nenter：查看任务的经过和最后的话\na：回答提问，先答此任务的\n"
        "s：对此任务的智能体说\n"
        "r：重试此任务\nc：取消此任务\nC 或 X：取消运行\np：暂停或继续运行\ng n：跳到需要你处理的事\n"
        "g c：并排查看冲突\ng m：合入队列及其检查输出\no：选择另一次运行\n"
        "L：切换语言\nq：离开；运行继续进行",
        "sure": "{{what}}？已完成的工作会保留。", "cancelTask": "取消任务 {{task}}",
        "cancelRun": "取消运行", "steer": "要对 {{task}} 说什么？", "answer": "你的回答",
        "nothing": "没有等待回答的提问。", "runs": "运行", "gone": "服务器没有回应：{{why}}",
        "attempt": "第 {{number}} 次尝试，窗口 {{window}}：{{outcome}}", "said": "最后的话", "escape": "按 escape 关闭",
        "train": "合入队列", "place": "位置", "lane": "车道", "gate": "检查", "onTop": "叠加在", "commit": "提交",
        "conflicts": "{{count}} 处冲突", "emptyTrain": "没有等待合入的分支。", "silent": "检查还没有输出。",
        "trainKeys": "j k 选择 · K 提前 · J 推后 · d 移出 · a 批准 · escape 返回",
        "dropCandidate": "把 {{candidate}} 移出队列", "conflictTitle": "冲突", "open": "未决",
        "conflictKeys": "j k 选择 · f 下一个文件 · 1 主干 · 2 都取 · 3 任务 · r 重做 · d 放弃 · escape 返回",
        "noConflict": "没有发生过冲突。", "ours": "主干", "base": "共同起点", "theirs": "本任务",
        "absent": "此处没有文本",
    },
}  # fmt: skip


@cache
def _shared() -> dict[str, dict[str, dict[str, str]]]:
    found: dict[str, dict[str, dict[str, str]]] = json.loads((Path(__file__).parent / "words.json").read_text("utf-8"))
    return found


def language_of(environ: Mapping[str, str]) -> str:
    """The language that the locale of a terminal asks for."""
    told = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    return ZH if told.lower().startswith("zh") else EN


def plain(text: str) -> str:
    """One line that does not speak to the terminal, whoever wrote it."""
    return "".join(char if char.isprintable() else " " for char in text)


def span(seconds: float) -> str:
    """A length of time as `m:ss` or `h:mm:ss`."""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@dataclass(frozen=True, slots=True)
class Words:
    language: str

    def say(self, key: str, **values: object) -> str:
        """Words of the terminal's own."""
        return _filled(_OWN[self.language][key], values)

    def of(self, section: str, key: str, default: str | None = None, **values: object) -> str:
        """Words that the pages say too, such as `status`, `LANDED`."""
        found = _shared()[self.language][section].get(key)
        return (key if default is None else default) if found is None else _filled(found, values)

    def status(self, task: TaskView) -> str:
        return self.of("status", "NEEDS_YOU" if task["waiting_for_you"] else task["status"])

    def reason(self, task: TaskView) -> str:
        """English is what the server says; Chinese is put together from the reason's parts."""
        text = task["reason"] or ""
        if self.language == EN:
            return text
        values: dict[str, object] = {str(at): one for at, one in enumerate(task["on"])}
        return self.of("why", task["why"], text, all="、".join(task["on"]), **values)

    def about(self, question: QuestionView) -> str:
        return self.of("about", question["about"])

    def sentence(self, envelope: Envelope) -> str:
        """One line about an event, as the pages say it."""
        data = envelope["data"]
        values: dict[str, object] = {
            **{key: value for key, value in data.items() if isinstance(value, str | int | float)},
            "task": envelope["task"] or "",
            "window": envelope["window"] or "",
            "candidate": envelope["task"] or _in(data.get("candidate"), "id"),
            "other": data.get("other") or self.say("trunk"),
            "paths": _all(data.get("paths"), None),
            "candidates": _all(data.get("candidates"), None),
            "conflicts": _all(data.get("conflicts"), "path"),
            "overlaps": _all(data.get("overlaps"), "path"),
            "failure": _in(data.get("failure"), "detail"),
            "intent": _in(data.get("intent"), "kind"),
            "question": _in(data.get("question"), "text"),
        }
        seconds = data.get("seconds")
        values["seconds"] = f"{seconds:.1f}" if isinstance(seconds, int | float) else ""
        text = " ".join(filter(None, (envelope["type"], envelope["task"])))
        return self.of("event", envelope["type"], text, **values)


def _in(value: object, key: str) -> str:
    return str(value.get(key, "")) if isinstance(value, dict) else "" if value is None else str(value)


def _all(value: object, key: str | None) -> str:
    if not isinstance(value, list):
        return ""
    return ", ".join(str(one) if key is None else _in(one, key) for one in value)


def _filled(text: str, values: Mapping[str, object]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{{{name}}}}}", str(value))
    return text
