// Where the application begins: what all views stand in, and which view stands at which address.
import { nonce } from "./look/nonce";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { App, ConfigProvider, type ConfigProviderProps } from "antd";
import en from "antd/locale/en_US";
import zh from "antd/locale/zh_CN";
import { lazy, StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { useTranslation } from "react-i18next";
import { BrowserRouter, Link, Navigate, Route, Routes } from "react-router";
import { antTheme, useLook } from "./look/theme";
import { Quiet } from "./parts/Panel";
import { Overview } from "./overview/Overview";
import { RunPage } from "./run/RunPage";
import { Shell } from "./shell/Shell";
import { ready, useSay } from "./words";
import "./look/tokens.css";
import "./look/base.css";
import "./look/views.css";

const Graph = lazy(() => import("./run/Graph"));
const Lanes = lazy(() => import("./run/Lanes"));
const TaskTable = lazy(() => import("./run/TaskTable"));
const TaskPage = lazy(() => import("./task/TaskPage"));
const Conflicts = lazy(() => import("./conflicts/Conflicts"));
const TrainPage = lazy(() => import("./train/TrainPage"));
const PlanDesk = lazy(() => import("./design/PlanDesk"));
const Replay = lazy(() => import("./after/Replay"));
const Compare = lazy(() => import("./after/Compare"));
const Log = lazy(() => import("./run/Log"));

const queries = new QueryClient({ defaultOptions: { queries: { retry: 1, refetchOnWindowFocus: false, staleTime: 1000 } } });
const LOCALES: Record<string, ConfigProviderProps["locale"]> = { en, "zh-CN": zh };

function Nowhere() {
  const say = useSay();
  return <div className="page nothing"><h1>{say("nowhere")}</h1><Link to="/">{say("toOverview")}</Link></div>;
}

function Root() {
  const { i18n } = useTranslation();
  const dark = useLook((state) => state.dark);
  return (
    <ConfigProvider theme={antTheme(dark)} locale={LOCALES[i18n.language]} csp={{ nonce }} button={{ autoInsertSpace: false }}>
      <App message={{ maxCount: 3 }}>
        <BrowserRouter>
          <Suspense fallback={<Quiet>…</Quiet>}>
            <Routes>
              <Route element={<Shell />}>
                <Route index element={<Overview />} />
                <Route path="compare" element={<Compare />} />
                <Route path="launch" element={<PlanDesk />} />
                <Route path="design" element={<PlanDesk />} />
                <Route path="runs/:run" element={<RunPage />}>
                  <Route index element={<Navigate to="graph" replace />} />
                  <Route path="graph" element={<Graph />} />
                  <Route path="lanes" element={<Lanes />} />
                  <Route path="tasks" element={<TaskTable />} />
                  <Route path="tasks/:task" element={<TaskPage />} />
                  <Route path="conflicts" element={<Conflicts />} />
                  <Route path="conflicts/:candidate" element={<Conflicts />} />
                  <Route path="train" element={<TrainPage />} />
                  <Route path="replay" element={<Replay />} />
                  <Route path="log" element={<Log />} />
                  <Route path="*" element={<Nowhere />} />
                </Route>
                <Route path="*" element={<Nowhere />} />
              </Route>
            </Routes>
          </Suspense>
        </BrowserRouter>
      </App>
    </ConfigProvider>
  );
}

void ready.then(() => {
  createRoot(document.getElementById("root")!).render(
    <StrictMode><QueryClientProvider client={queries}><Root /></QueryClientProvider></StrictMode>,
  );
});
