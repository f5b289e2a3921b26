// The words in the language that the person chose, or that of the browser; and what is written by language: times,
// numbers, reasons, events.
import i18next from "i18next";
import { initReactI18next, useTranslation } from "react-i18next";
import type { Envelope, TaskView } from "../api/types";
import * as common from "./common";
import * as desk from "./desk";
import * as keys from "./keys";
import * as views from "./views";
import * as work from "./work";

export type Language = "en" | "zh-CN";
const KEPT = "tianting.language";

const wanted = (): Language => {
  const chosen = localStorage.getItem(KEPT);
  if (chosen === "en" || chosen === "zh-CN") return chosen;
  return (navigator.languages[0] ?? navigator.language).toLowerCase().startsWith("zh") ? "zh-CN" : "en";
};

export const language = (): Language => i18next.language as Language;

export async function choose(next: Language): Promise<void> {
  localStorage.setItem(KEPT, next);
  await i18next.changeLanguage(next);
}

i18next.on("languageChanged", (next) => {
  document.documentElement.lang = next;
});

export const ready = i18next.use(initReactI18next).init({
  lng: wanted(),
  fallbackLng: "en",
  interpolation: { escapeValue: false },
  resources: {
    en: { translation: { ...common.en, ...views.en, ...keys.en, ...work.en, ...desk.en } },
    "zh-CN": { translation: { ...common.zh, ...views.zh, ...keys.zh, ...work.zh, ...desk.zh } },
  },
});

export type Say = (key: string, values?: Record<string, unknown>) => string;

/** Words by key; drawn again when the language changes. */
export function useSay(): Say {
  const { t } = useTranslation();
  return t as unknown as Say;
}

/** English is what the server says; another language puts the same together from the reason's parts. */
export function reasonOf(say: Say, task: Pick<TaskView, "why" | "on" | "reason">): string {
  if (language() === "en") return task.reason ?? "";
  const values: Record<string, string> = { all: task.on.join("、") };
  task.on.forEach((one, place) => (values[String(place)] = one));
  const known = i18next.exists(`why.${task.why}`);
  return known ? say(`why.${task.why}`, values) : (task.reason ?? "");
}

/** One line about an event, for a person. */
export function sentenceOf(say: Say, envelope: Envelope): string {
  const data = envelope.data as Record<string, never> & {
    question?: { text: string } | string | null;
    candidate?: { id: string } | string | null;
    candidates?: string[];
    paths?: string[];
    other?: string | null;
    overlaps?: { path: string; symbol: string }[];
    conflicts?: { path: string }[];
    failure?: { detail: string };
    intent?: { kind: string };
    seconds?: number;
  };
  if (!i18next.exists(`event.${envelope.type}`)) return [envelope.type, envelope.task].filter(Boolean).join(" · ");
  const candidate = typeof data.candidate === "string" ? data.candidate : data.candidate?.id;
  return say(`event.${envelope.type}`, {
    ...data,
    task: envelope.task ?? "",
    paths: (data.paths ?? []).join(", "),
    other: data.other ?? say("train.trunk"),
    overlaps: (data.overlaps ?? []).map((one) => one.symbol || one.path).join(", "),
    window: envelope.window ?? "",
    candidate: envelope.task ?? candidate ?? "",
    candidates: (data.candidates ?? []).join(", "),
    conflicts: (data.conflicts ?? []).map((one) => one.path).join(", "),
    failure: data.failure?.detail ?? "",
    intent: data.intent?.kind ?? "",
    seconds: typeof data.seconds === "number" ? data.seconds.toFixed(1) : "",
    question: (typeof data.question === "string" ? data.question : data.question?.text) ?? "",
  });
}

const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(language(), options);

export const clockOf = (seconds: number): string =>
  format({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(seconds * 1000);
export const dateOf = (seconds: number): string =>
  format({ dateStyle: "medium", timeStyle: "short" }).format(seconds * 1000);
export const numberOf = (value: number): string =>
  new Intl.NumberFormat(language(), value >= 100_000 ? { notation: "compact", maximumFractionDigits: 1 } : {}).format(value);
export const moneyOf = (usd: number): string =>
  new Intl.NumberFormat(language(), { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol" }).format(usd);

const two = (value: number): string => String(value).padStart(2, "0");

/** A length of time as `m:ss` or `h:mm:ss`. */
export function lengthOf(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
