// What can be taken out of a run as a file.
import { ExportOutlined } from "@ant-design/icons";
import { App, Button, Dropdown } from "antd";
import { api } from "../api/client";
import type { RunView } from "../api/types";
import { useSay } from "../words";
import { logOf, tableOf, traceOf } from "./exports";
import { save } from "./save";

export function ExportMenu({ run }: { run: RunView }) {
  const say = useSay();
  const { message } = App.useApp();
  const take = async (kind: string) => {
    try {
      if (kind === "log") return save(`${run.run}.jsonl`, await logOf(run.run), "application/jsonl");
      const view = await api.timeline(run.run);
      if (kind === "trace") return save(`${run.run}.trace.json`, traceOf(view, view.ended ?? run.ts), "application/json");
      return save(`${run.run}.csv`, tableOf(run, view), "text/csv");
    } catch (problem) {
      void message.error(say("failed", { why: (problem as Error).message }));
    }
  };
  return (
    <Dropdown trigger={["click"]} getPopupContainer={(button) => button.parentElement!} menu={{ onClick: ({ key }) => void take(key), items: ["trace", "tasks", "log"].map((key) => ({ key, label: say(`export.${key}`) })) }}>
      <Button icon={<ExportOutlined aria-hidden />}>{say("export.title")}</Button>
    </Dropdown>
  );
}
