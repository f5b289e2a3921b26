// The frame of every view: where one can go, how the connection is, colours, language, keyboard.
import {
  ApiOutlined, BellFilled, BellOutlined, BgColorsOutlined, DashboardOutlined, DiffOutlined, EditOutlined, LogoutOutlined, QuestionCircleOutlined, SearchOutlined, TranslationOutlined,
} from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { App, Button, Dropdown } from "antd";
import { useMemo, useState, type ReactNode } from "react";
import { Link, NavLink, Outlet, useLocation, useNavigate } from "react-router";
import { api, Problem } from "../api/client";
import { isEnded, type RunSummary } from "../api/types";
import { endFeeds, useLive } from "../live/store";
import { useIntend, useSure } from "../parts/steer";
import { useLook, type Choice } from "../look/theme";
import { choose, language, useSay } from "../words";
import { Help, Key } from "./Help";
import { useKeys } from "./keys";
import { useNotices } from "./notices";
import { Palette, type Offer } from "./Palette";

const NO_RUNS: RunSummary[] = [];
const CHOICES: Choice[] = ["light", "dark", "system"];

export const runOf = (path: string): string => decodeURIComponent(/^\/runs\/([^/]+)/.exec(path)?.[1] ?? "");

export function Shell() {
  const say = useSay();
  const go = useNavigate();
  const { choice, choose: colour } = useLook();
  const [asks, setAsks] = useState<"" | "help" | "palette">("");
  const run = runOf(useLocation().pathname);
  const { message } = App.useApp();
  const { data, error, isError } = useQuery({ queryKey: ["runs"], queryFn: api.runs, refetchInterval: 5000 });
  const runs = data?.runs ?? NO_RUNS;
  const notices = useNotices(runs, say);
  const tell = () => void notices.toggle().then((done) => (done ? undefined : message.warning(say("notices.barred"), 6)));
  const nextColour = () => colour(CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length]!);
  const nextLanguage = () => void choose(language() === "en" ? "zh-CN" : "en");
  const inRun = (view: string) => () => run && go(`/runs/${run}/${view}`);
  useKeys({
    "?": () => setAsks("help"), "mod+k": () => setAsks("palette"), "g o": () => go("/"), "g d": () => go("/design"), "g g": inRun("graph"), "g l": inRun("lanes"),
    "g t": inRun("tasks"), "g c": inRun("conflicts"), "g m": inRun("train"), "g e": inRun("log"), "g r": inRun("replay"), "g w": () => go(run ? `/compare?a=${run}` : "/compare"), T: nextColour, L: nextLanguage,
    "g n": () => document.querySelector<HTMLElement>(".questions button, .questions input")?.focus(),
  });
  const waiting = runs.reduce((sum, one) => sum + one.questions, 0);
  return (
    <div className="shell">
      <a className="skip" href="#main">{say("skip")}</a>
      <header className="bar">
        <Link className="brand" to="/"><img src="/static/icon.svg" alt="" width="24" height="24" /><span>Tianting</span><span lang="zh-CN" className="brand-zh">天庭</span></Link>
        <nav className="places" aria-label={say("nav.label")}>
          <Place to="/" icon={<DashboardOutlined aria-hidden />} end>{say("nav.overview")}{waiting ? <strong className="count-badge" title={say("overview.needsYou")}>{waiting}</strong> : null}</Place>
          <Place to="/design" icon={<EditOutlined aria-hidden />}>{say("desk.title")}</Place>
          <Place to="/compare" icon={<DiffOutlined aria-hidden />}>{say("compare.title")}</Place>
        </nav>
        {run ? <Where run={run} /> : <span className="spacer">{isError ? <span className="link-state" data-state="lost" role="status"><span className="dot" aria-hidden />{say("link.lost")}</span> : null}</span>}
        <Button className="finder" icon={<SearchOutlined aria-hidden />} onClick={() => setAsks("palette")}>
          <span>{say("search")}</span> <Key of="mod+k" />
        </Button>
        <Dropdown trigger={["click"]} getPopupContainer={(button) => button.parentElement!} menu={{
          selectedKeys: [choice], onClick: ({ key }) => colour(key as Choice),
          items: CHOICES.map((one) => ({ key: one, label: say(`theme.${one}`) })),
        }}>
          <Button type="text" icon={<BgColorsOutlined aria-hidden />} aria-label={say("theme.label")} />
        </Dropdown>
        <Button type="text" icon={notices.on ? <BellFilled aria-hidden /> : <BellOutlined aria-hidden />} onClick={tell} aria-pressed={notices.on} aria-label={say("notices.label")} title={say("notices.label")} />
        <Button type="text" icon={<TranslationOutlined aria-hidden />} onClick={nextLanguage} aria-label={`${say("language")}: ${language() === "en" ? "中文" : "English"}`}>
          <span lang={language() === "en" ? "zh-CN" : "en"}>{language() === "en" ? "中文" : "English"}</span>
        </Button>
        <Button type="text" icon={<QuestionCircleOutlined aria-hidden />} onClick={() => setAsks("help")} aria-label={say("keys.title")} />
        <a className="plain-link" href="/docs" title={say("nav.api")}><ApiOutlined aria-hidden /><span className="unseen">{say("nav.api")}</span></a>
        <Button type="text" icon={<LogoutOutlined aria-hidden />} aria-label={say("nav.logout")} onClick={() => void logOut()} />
      </header>
      {error instanceof Problem && error.code === "store-away" ? <p className="store-away" role="alert">{say("link.store", { why: error.message })}</p> : null}
      <main id="main" tabIndex={-1}><Outlet /></main>
      <Help open={asks === "help"} close={() => setAsks("")} />
      <Finder run={run} open={asks === "palette"} close={() => setAsks("")} deeds={{ nextColour, nextLanguage, tell, help: () => setAsks("help") }} runs={runs} />
    </div>
  );
}

async function logOut(): Promise<void> {
  endFeeds(); // one that connects after the session has ended would only be refused
  await fetch("/logout", { method: "POST" }).catch(() => undefined);
  location.assign("/login");
}

function Place({ to, icon, children, end }: { to: string; icon: ReactNode; children: ReactNode; end?: boolean }) {
  return <NavLink to={to} end={end}>{icon}<span>{children}</span></NavLink>;
}

function Where({ run }: { run: string }) {
  const say = useSay();
  const link = useLive(run, (state) => state.link);
  const resyncs = useLive(run, (state) => state.resyncs);
  const name = useLive(run, (state) => state.run?.name || run);
  return (
    <p className="where">
      <span aria-hidden className="quiet">/</span>
      <Link to={`/runs/${run}`}>{name}</Link>
      <code className="quiet">{run}</code>
      <span className="link-state" data-state={link} role="status" title={resyncs ? say("link.resync") : undefined}>
        <span className="dot" aria-hidden />{say(`link.${link}`)}{resyncs ? <span className="quiet"> · {say("link.again", { count: resyncs })}</span> : null}
      </span>
    </p>
  );
}

interface FinderProps {
  run: string;
  open: boolean;
  close: () => void;
  deeds: { nextColour: () => void; nextLanguage: () => void; tell: () => void; help: () => void };
  runs: { run: string; name: string; status: string }[];
}

function Finder({ run, open, close, deeds, runs }: FinderProps) {
  const say = useSay();
  const at = useLocation().pathname;
  const go = useNavigate();
  const tasks = useLive(run, (state) => state.tasks);
  const state = useLive(run, (live) => (!live.run || isEnded(live.run.status) ? "" : live.run.paused ? "paused" : "going"));
  const intend = useIntend(run);
  const sure = useSure();
  const offers = useMemo<Offer[]>(() => {
    if (!open) return [];
    const places: Offer[] = ["graph", "lanes", "tasks", "conflicts", "train", "log", "replay"].map((view) => (
      { kind: "command", name: say(`keys.${view}`), hint: view, go: () => go(`/runs/${run}/${view}`) }));
    const one = tasks[/\/tasks\/([^/?]+)/.exec(at)?.[1] ?? ""];
    const steers: Offer[] = !state ? [] : [
      { kind: "command", name: say(state === "paused" ? "run.resume" : "run.pause"), hint: "pause resume", go: () => void intend({ kind: state === "paused" ? "ResumeRun" : "PauseRun" }) },
      { kind: "command", name: say("run.cancelRun"), hint: "cancel run", go: () => void sure(say("run.cancelTitle"), say("run.cancelText"), say("run.cancelRun")).then((yes) => yes && intend({ kind: "CancelRun" })) },
      ...(one ? [{ kind: "command" as const, name: `${say("table.cancel")}: ${one.id}`, hint: "cancel task", go: () => void sure(say("table.cancelTitle", { task: one.id }), say("table.cancelText"), say("table.cancel")).then((yes) => yes && intend({ kind: "CancelTask", task: one.id })) }] : []),
      ...(one && ["FAILED", "CANCELLED", "CONFLICTED"].includes(one.status) ? [{ kind: "command" as const, name: `${say("table.retry")}: ${one.id}`, hint: "retry task", go: () => void intend({ kind: "RetryTask", task: one.id }) }] : []),
    ];
    return [
      ...(run ? places : []), ...steers,
      { kind: "command", name: say("keys.overview"), hint: "overview", go: () => go("/") },
      { kind: "command", name: say("desk.title"), hint: "design launch", go: () => go("/design") },
      { kind: "command", name: say("compare.title"), hint: "compare", go: () => go(run ? `/compare?a=${run}` : "/compare") },
      { kind: "command", name: say("keys.theme"), hint: "theme", go: deeds.nextColour },
      { kind: "command", name: say("keys.language"), hint: "language", go: deeds.nextLanguage },
      { kind: "command", name: say("notices.label"), hint: "notify", go: deeds.tell },
      { kind: "command", name: say("keys.help"), hint: "help", go: deeds.help },
      ...runs.map((one): Offer => ({ kind: "run", name: one.run, hint: `${one.name} · ${say(`runStatus.${one.status}`)}`, go: () => go(`/runs/${one.run}`) })),
      ...Object.values(tasks).map((one): Offer => ({ kind: "task", name: one.id, hint: one.title, go: () => go(`/runs/${run}/tasks/${one.id}`) })),
    ];
  }, [open, run, tasks, runs, say, go, deeds, state, intend, sure, at]);
  return <Palette open={open} close={close} offers={offers} />;
}
