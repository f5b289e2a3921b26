// What a person does to a run: every change is an intent, and what became of it comes back through the feed.
import { App } from "antd";
import { useCallback, useLayoutEffect, useRef } from "react";
import { api } from "../api/client";
import type { Envelope, Intent } from "../api/types";
import { refreshRun, useEvents } from "../live/store";
import { useSay } from "../words";

/** Submit an intent of this run; true when it lies in the inbox. */
export function useIntend(run: string): (intent: Intent) => Promise<boolean> {
  const say = useSay();
  const { message } = App.useApp();
  return useCallback(async (intent) => {
    try {
      const answer = await api.intend(run, intent);
      asked.add(`${run}/${answer.intent}`);
      void message.success(answer.led ? say("sent") : say("waits"));
      refreshRun(run);
      return true;
    } catch (problem) {
      void message.error(say("failed", { why: (problem as Error).message }), 8);
      return false;
    }
  }, [run, say, message]);
}

const asked = new Set<string>();

/** Tell a person when what they asked for was refused. */
export function useRefusals(run: string): void {
  const say = useSay();
  const { message } = App.useApp();
  const hear = useCallback((envelopes: Envelope[]) => {
    for (const one of envelopes) {
      const data = one.data as { intent_id?: number; why?: string };
      if (one.type === "IntentRefused" && asked.delete(`${run}/${data.intent_id}`)) {
        void message.error(say("refused", { why: data.why }), 10);
      }
    }
  }, [run, say, message]);
  useEvents(run, hear);
}

/** Ask before something that can not be taken back. */
export function useSure(): (title: string, text: string, yes: string) => Promise<boolean> {
  const say = useSay();
  const { modal } = App.useApp();
  return useCallback((title, text, yes) => modal.confirm({
    title, content: text, okText: yes, cancelText: say("run.keepGoing"), okButtonProps: { danger: true },
    autoFocusButton: "cancel", maskClosable: true,
  }).then((yesSaid) => yesSaid, () => false), [modal, say]);
}

/** The newest value of something, for callbacks that live longer than a drawing. */
export function useNewest<T>(value: T): { readonly current: T } {
  const kept = useRef(value);
  useLayoutEffect(() => {
    kept.current = value;
  });
  return kept;
}
