// What happened, line by line, newest last; it follows the end until a person holds it.
import { PauseOutlined, VerticalAlignBottomOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useRef, useState } from "react";
import { Virtuoso, type VirtuosoHandle } from "react-virtuoso";
import type { Envelope } from "../api/types";
import { Panel, Quiet } from "../parts/Panel";
import { useLive } from "../live/store";
import { clockOf, sentenceOf, useSay } from "../words";

const TONES: Record<string, string> = {
  Landed: "landed", AttemptFailed: "failed", ChecksFailed: "failed", CandidateDropped: "failed", ConflictFound: "conflicted", QuestionAsked: "needs",
  ConflictResolved: "landed", IntentRefused: "failed", GateStarted: "gating", ChecksPassed: "gating", AttemptStarted: "running", RunFinished: "landed",
  LandingRefused: "failed", OverlapSeen: "conflicted",
};

export function EventLine({ envelope }: { envelope: Envelope }) {
  const say = useSay();
  return (
    <div className={`event tone-${TONES[envelope.type] ?? "plain"}`} data-type={envelope.type} data-seq={envelope.seq}>
      <span className="when">{clockOf(envelope.ts)}</span>
      <span className="what">{sentenceOf(say, envelope)}</span>
    </div>
  );
}

export function Activity({ run, title }: { run: string; title: string }) {
  const say = useSay();
  const live = useLive(run, (state) => state.events);
  const [held, setHeld] = useState<Envelope[] | null>(null);
  const list = useRef<VirtuosoHandle>(null);
  const events = held ?? live;
  const missed = held && live.length ? live[live.length - 1]!.seq - (held[held.length - 1]?.seq ?? 0) : 0;
  const follow = () => {
    setHeld(null);
    list.current?.scrollToIndex({ index: "LAST" });
  };
  return (
    <Panel title={title} className="activity" extra={(
      <Button size="small" type="text" aria-pressed={held !== null} icon={held ? <VerticalAlignBottomOutlined aria-hidden /> : <PauseOutlined aria-hidden />}
        onClick={() => (held ? follow() : setHeld(live))}>
        {held ? `${say("activity.follow")}${missed ? ` (${say("activity.paused", { count: missed })})` : ""}` : say("activity.hold")}
      </Button>
    )}>
      {events.length ? (
        <Virtuoso ref={list} data={events} followOutput={held ? false : "auto"} initialTopMostItemIndex={events.length - 1} className="log" role="log"
          tabIndex={0} aria-label={title} computeItemKey={(_, one) => one.seq} itemContent={(_, one) => <EventLine envelope={one} />} />
      ) : <Quiet>{say("activity.empty")}</Quiet>}
    </Panel>
  );
}
