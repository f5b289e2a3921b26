// One task of a plan as a form; every change goes into the plan's text at once.
import { Button, Checkbox, Input, InputNumber, Select } from "antd";
import type { ReactNode } from "react";
import { useSay } from "../words";
import { removeTask, setField, taskIn, type Value } from "./plan";

interface Props {
  text: string;
  id: string;
  ids: string[];
  change: (text: string) => void;
}

const ROLES = ["frontend", "backend", "testing", "docs"];

export function TaskForm({ text, id, ids, change }: Props) {
  const say = useSay();
  const task = taskIn(text, id);
  if (!task) return <p className="quiet empty">{say("desk.pick")}</p>;
  const set = (key: string) => (value: Value) => change(setField(text, id, key, value));
  const many = (key: string) => (Array.isArray(task[key]) ? (task[key] as string[]) : []);
  const field = (key: string, label: string, input: ReactNode) => <label key={key} className="field"><span>{label}</span>{input}</label>;
  return (
    <div className="task-form" data-task={id}>
      <p className="task-form-head"><strong>{id}</strong><Button size="small" danger className="end" onClick={() => change(removeTask(text, id))}>{say("desk.remove")}</Button></p>
      {field("title", say("desk.titleOf"), <Input value={String(task.title ?? "")} onChange={(event) => set("title")(event.target.value)} />)}
      {field("role", say("desk.role"), <Select allowClear value={task.role as string | undefined} onChange={set("role")} options={ROLES.map((value) => ({ value, label: value }))} />)}
      {field("needs", say("desk.needs"), <Select mode="multiple" value={many("needs")} onChange={set("needs")} options={ids.filter((one) => one !== id).map((value) => ({ value, label: value }))} />)}
      {field("touches", say("desk.touches"), <Select mode="tags" value={many("touches")} onChange={set("touches")} open={false} suffixIcon={null} tokenSeparators={[",", " "]} />)}
      {field("exclusive", say("desk.exclusive"), <Select mode="tags" value={many("exclusive")} onChange={set("exclusive")} open={false} suffixIcon={null} tokenSeparators={[",", " "]} />)}
      {field("estimate", say("desk.estimate"), <Input value={String(task.estimate ?? "")} placeholder="20m" onChange={(event) => set("estimate")(event.target.value)} />)}
      {field("priority", say("desk.priority"), <InputNumber value={Number(task.priority ?? 0)} onChange={(value) => set("priority")(value || undefined)} />)}
      <Checkbox checked={Boolean(task.approve)} onChange={(event) => set("approve")(event.target.checked)}>{say("desk.approve")}</Checkbox>
      {field("prompt", say("desk.prompt"), <Input.TextArea rows={6} value={String(task.prompt ?? "")} onChange={(event) => set("prompt")(event.target.value)} />)}
      {field("run", say("desk.run"), <Input value={String(task.run ?? "")} onChange={(event) => set("run")(event.target.value)} />)}
    </div>
  );
}
