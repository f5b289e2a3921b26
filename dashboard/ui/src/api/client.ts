// The one door to the API: typed by the server's description; a refusal is a Problem with the server's own sentence.
import createClient from "openapi-fetch";
import type { components, paths } from "../generated/schema";
import type { Intent } from "./types";

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly errors: PlanFault[] = [],
  ) {
    super(detail);
  }
}

export interface PlanFault {
  source?: string;
  line?: number | null;
  column?: number | null;
  message?: string;
}

interface Details {
  status?: number;
  code?: string;
  detail?: string;
  errors?: PlanFault[] | null;
}

const client = createClient<paths>({ baseUrl: location.origin, credentials: "same-origin" });

async function unwrap<T>(asked: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await asked;
  if (response.status === 401) location.assign("/login");
  if (data === undefined) {
    const details = (error ?? {}) as Details;
    throw new Problem(response.status, details.code ?? "error", details.detail ?? response.statusText,
      details.errors ?? []);
  }
  return data;
}

export type SideText = components["schemas"]["SideText"];

const inRun = (run: string) => ({ params: { path: { run } } });

export const api = {
  runs: () => unwrap(client.GET("/api/v1/runs", { params: { query: { limit: 100 } } })),
  run: (run: string) => unwrap(client.GET("/api/v1/runs/{run}", inRun(run))),
  plan: (run: string) => unwrap(client.GET("/api/v1/runs/{run}/plan", inRun(run))),
  forecast: (run: string) => unwrap(client.GET("/api/v1/runs/{run}/forecast", inRun(run))),
  timeline: (run: string) => unwrap(client.GET("/api/v1/runs/{run}/timeline", inRun(run))),
  conflicts: (run: string, diffs: boolean) =>
    unwrap(client.GET("/api/v1/runs/{run}/conflicts", { params: { path: { run }, query: { diffs } } })),
  task: (run: string, task: string) =>
    unwrap(client.GET("/api/v1/runs/{run}/tasks/{task}", { params: { path: { run, task }, query: { lines: 0 } } })),
  transcript: (run: string, task: string, attempt: number | null, after: number) =>
    unwrap(client.GET("/api/v1/runs/{run}/tasks/{task}/transcript", {
      params: { path: { run, task }, query: { attempt, after, limit: 1000 } },
    })),
  gateOutput: (run: string, commit: string, after: number) =>
    unwrap(client.GET("/api/v1/runs/{run}/gates/{commit}/output", { params: { path: { run, commit }, query: { after, limit: 1000 } } })),
  events: (run: string, after: number, limit: number) =>
    unwrap(client.GET("/api/v1/runs/{run}/events", { params: { path: { run }, query: { after, limit } } })),
  sides: (run: string, candidate: string, path: string) =>
    unwrap(client.GET("/api/v1/runs/{run}/conflicts/{candidate}/sides", {
      params: { path: { run, candidate }, query: { path, limit: 2_000_000 } },
    })),
  settle: (run: string, candidate: string, files: { path: string; text: string | null }[]) =>
    unwrap(client.POST("/api/v1/runs/{run}/conflicts/{candidate}/result", {
      params: { path: { run, candidate } }, body: { files },
    })),
  check: (plan: { plan: string } | { path: string }) => unwrap(client.POST("/api/v1/plans/check", { body: plan })),
  store: (path: string, plan: string, version: string | null) => unwrap(client.PUT("/api/v1/plans", { body: { path, plan, version } })),
  launch: (plan: string) => unwrap(client.POST("/api/v1/runs", { body: { plan } })),
  intend: (run: string, intent: Intent) =>
    unwrap(client.POST("/api/v1/runs/{run}/intents", { ...inRun(run), body: intent as never })),
};
