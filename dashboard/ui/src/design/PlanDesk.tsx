// A plan is written here, as text and as a graph at once, looked through before it costs anything, and launched.
import { DownloadOutlined, FolderOpenOutlined, PlusOutlined, RocketOutlined, SaveOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { App, Button, Input, Select } from "antd";
import { useEffect, useMemo, useRef, useState } from "react";
import { useLocation, useNavigate, useSearchParams } from "react-router";
import { api } from "../api/client";
import { DiffView } from "../parts/DiffView";
import { Panel, Quiet } from "../parts/Panel";
import { useKeys } from "../shell/keys";
import { useSay } from "../words";
import { DryRun } from "./DryRun";
import { Editor } from "./Editor";
import { addTask, connect, disconnect, sketch } from "./plan";
import { PlanGraph } from "./PlanGraph";
import { TaskForm } from "./TaskForm";
import { TEMPLATES } from "./templates";
import { VersionPick, type Chosen } from "./VersionPick";
import { changes, keep, kept, nameOf } from "./versions";
import { save } from "../export/save";

const DRAFT = "tianting.plan";
const PATIENCE = 350;

function useLate(text: string): string {
  const [late, setLate] = useState(text);
  useEffect(() => {
    const timer = window.setTimeout(() => setLate(text), PATIENCE);
    return () => clearTimeout(timer);
  }, [text]);
  return late;
}

export default function PlanDesk() {
  const say = useSay();
  const go = useNavigate();
  const { message } = App.useApp();
  const [asked] = useSearchParams();
  const brought = (useLocation().state as { text?: string } | null)?.text;
  const [text, setText] = useState(() => brought ?? localStorage.getItem(DRAFT) ?? "");
  const [place, setPlace] = useState<Place>({ path: "", version: null });
  const [chosen, setChosen] = useState("");
  const [line, setLine] = useState(0);
  const [versions, setVersions] = useState(kept);
  const [version, setVersion] = useState<Chosen | null>(null);
  const late = useLate(text);
  const { data, isPlaceholderData } = useQuery({ queryKey: ["check", late], queryFn: () => api.check({ plan: late }), enabled: late.trim() !== "", placeholderData: (before) => before });
  const checked = late.trim() ? data : undefined;
  const drawn = useMemo(() => (checked?.forecast && late === text ? checked.forecast : sketch(late)), [checked, late, text]);
  useEffect(() => localStorage.setItem(DRAFT, text), [text]);
  useEffect(() => {
    document.title = `${say("desk.title")} · Tianting`;
  }, [say]);
  const path = asked.get("path");
  const told = (problem: Error) => void message.error(say("failed", { why: problem.message }), 8);
  const fromRepository = (from: string) => api.check({ path: from }).then((read) => {
    setText(read.text);
    setPlace({ path: from, version: read.version });
  }, told);
  useEffect(() => {
    if (path) void fromRepository(path);
    // Only when the address names another plan.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [path]);
  const store = async (to: string) => {
    if (!to.trim() || !text.trim()) return;
    try {
      const stored = await api.store(to.trim(), text, to.trim() === place.path ? place.version : null);
      setPlace({ path: stored.path, version: stored.version });
      setVersions(keep(text));
      void message.success(say("desk.stored", { path: stored.path }));
    } catch (problem) {
      told(problem as Error);
    }
  };
  // What was asked for while a person was still typing is done once the plan as it stands has been looked through.
  const known = late === text && !isPlaceholderData;
  const ready = Boolean(known && checked?.sound && checked.can_launch);
  const [wanted, setWanted] = useState("");
  useEffect(() => {
    if (!known || !wanted) return;
    setWanted("");
    if (ready && wanted === text) void launch();
    // Only when it is known how the plan stands.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [known, wanted]);
  const launch = async () => {
    if (!ready) return setWanted(text);
    try {
      const { run } = await api.launch(text);
      setVersions(keep(text));
      void message.success(say("desk.launched", { run }));
      void go(`/runs/${run}`);
    } catch (problem) {
      told(problem as Error);
    }
  };
  const fresh = () => {
    const ids = new Set(drawn?.tasks.map((one) => one.id));
    let number = ids.size + 1;
    while (ids.has(`task-${number}`)) number += 1;
    setText((before) => addTask(before.trim() ? before : "tianting: 1\nname: plan\ntasks: []\n", `task-${number}`));
    setChosen(`task-${number}`);
  };
  useKeys({
    "mod+enter": () => void launch(), "mod+s": () => void store(place.path || "plan.yaml"),
    n: () => {
      fresh();
      window.setTimeout(() => document.querySelector<HTMLElement>(".task-form input")?.focus());
    },
  });
  return (
    <div className="page desk">
      <header className="run-title">
        <h1>{say("desk.title")}</h1>
        <Sources read={setText} told={told} fetch={fromRepository} store={store} at={place.path} empty={!text.trim()} />
        <Select value={null} placeholder={say("desk.templates")} aria-label={say("desk.templates")} onChange={(name: string | null) => name && setText(TEMPLATES[name]!)}
          options={Object.keys(TEMPLATES).map((value) => ({ value, label: say(`desk.template.${value}`) }))} className="desk-select" />
        <VersionPick kept={versions} name={nameOf(text)} chosen={version?.key ?? null} choose={setVersion} told={told} />
        <Button icon={<SaveOutlined aria-hidden />} disabled={!text.trim()} onClick={() => {
          setVersions(keep(text));
          void message.success(say("desk.kept"));
        }}>{say("desk.keepVersion")}</Button>
        <Button icon={<DownloadOutlined aria-hidden />} disabled={!text.trim()} onClick={() => save("plan.yaml", text, "text/yaml")}>{say("desk.download")}</Button>
        <span className="end" />
        {checked && !checked.can_launch ? <span className="quiet">{say("desk.noLauncher")}</span> : null}
        <Button type="primary" icon={<RocketOutlined aria-hidden />} disabled={!ready} onClick={() => void launch()}>{say("desk.launch")}</Button>
      </header>
      {version ? (
        <Panel title={say("desk.compareWith")} className="desk-version" extra={<Button onClick={() => {
          setText(version.text);
          setVersion(null);
        }}>{say("desk.restore")}</Button>}><DiffView diff={changes(version.text, text)} /></Panel>
      ) : null}
      <div className="desk-body">
        <Panel title={say("desk.text")} className="desk-text"><Editor text={text} label={say("desk.text")} faults={checked?.faults ?? []} change={setText} line={line} /></Panel>
        <Panel title={say("desk.graph")} className="desk-graph" extra={<Button size="small" icon={<PlusOutlined aria-hidden />} onClick={fresh}>{say("desk.addTask")}</Button>}>
          {drawn && text.trim() ? <PlanGraph forecast={drawn} chosen={chosen} choose={setChosen} connect={(from, to) => setText((before) => connect(before, from, to))} disconnect={(from, to) => setText((before) => disconnect(before, from, to))} /> : <Quiet>{say("desk.empty")}</Quiet>}
        </Panel>
        <div className="desk-side">
          <Panel title={say("desk.task")}><TaskForm text={text} id={chosen} ids={drawn?.tasks.map((one) => one.id) ?? []} change={setText} /></Panel>
          <Panel title={say("desk.dryRun")}><DryRun checked={checked} goTo={setLine} /></Panel>
        </div>
      </div>
    </div>
  );
}

interface Place {
  path: string;
  /** What the file held when it was read or written last; null for a new one. */
  version: string | null;
}

interface SourcesProps {
  read: (text: string) => void;
  told: (problem: Error) => void;
  fetch: (path: string) => void;
  store: (path: string) => void;
  at: string;
  empty: boolean;
}

function Sources({ read, told, fetch, store, at, empty }: SourcesProps) {
  const say = useSay();
  const file = useRef<HTMLInputElement>(null);
  const [path, setPath] = useState(at);
  useEffect(() => setPath((before) => at || before), [at]);
  return (
    <>
      <input ref={file} type="file" accept=".yaml,.yml,.json" hidden aria-label={say("desk.open")} onChange={(event) => void event.target.files?.[0]?.text().then(read, told)} />
      <Button icon={<FolderOpenOutlined aria-hidden />} onClick={() => file.current?.click()}>{say("desk.open")}</Button>
      <form className="desk-path" onSubmit={(event) => {
        event.preventDefault();
        if (path.trim()) fetch(path.trim());
      }}>
        <Input value={path} onChange={(event) => setPath(event.target.value)} placeholder={say("desk.path")} aria-label={say("desk.path")} />
        <Button htmlType="submit">{say("desk.read")}</Button>
        <Button disabled={!path.trim() || empty} onClick={() => store(path)}>{say("desk.store")}</Button>
      </form>
    </>
  );
}
