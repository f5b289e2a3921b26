// How a state looks everywhere: a colour, an icon of its own shape, and its name.
import {
  BranchesOutlined, CheckCircleFilled, ClockCircleOutlined, CloseCircleFilled, ExperimentOutlined, MinusCircleOutlined,
  PauseCircleFilled, PlayCircleFilled, QuestionCircleFilled, RobotOutlined, RocketOutlined, WarningFilled,
} from "@ant-design/icons";
import type { ComponentType } from "react";
import { memo } from "react";
import { useSay } from "../words";

const ICONS: Record<string, ComponentType<{ "aria-hidden"?: boolean }>> = {
  WAITING: ClockCircleOutlined,
  RUNNING: PlayCircleFilled,
  PROPOSED: BranchesOutlined,
  GATING: ExperimentOutlined,
  CONFLICTED: WarningFilled,
  LANDED: CheckCircleFilled,
  FAILED: CloseCircleFilled,
  CANCELLED: MinusCircleOutlined,
  NEEDS_YOU: QuestionCircleFilled,
  launching: RocketOutlined,
  running: PlayCircleFilled,
  waiting: QuestionCircleFilled,
  paused: PauseCircleFilled,
  finished: CheckCircleFilled,
  failed: CloseCircleFilled,
  refused: CloseCircleFilled,
  cancelled: MinusCircleOutlined,
};

const TONES: Record<string, string> = {
  launching: "PROPOSED", running: "RUNNING", waiting: "NEEDS_YOU", paused: "WAITING", finished: "LANDED", failed: "FAILED",
  refused: "FAILED", cancelled: "CANCELLED",
};

export const toneOf = (state: string): string => (TONES[state] ?? state).toLowerCase().replace("_you", "");

/** How a gate stands: the state that it looks like, and the key of its word. */
export function verdictOf(gate: { passed: boolean | null; stopped: boolean }): [string, string] {
  if (gate.stopped) return ["CANCELLED", "gate.stopped"];
  if (gate.passed === null) return ["GATING", "gate.running"];
  return gate.passed ? ["LANDED", "gate.green"] : ["FAILED", "gate.red"];
}

export function StateIcon({ state }: { state: string }) {
  const Icon = ICONS[state] ?? ClockCircleOutlined;
  return <Icon aria-hidden />;
}

export const StatusMark = memo(function StatusMark({ status, count }: { status: string; count?: number }) {
  const say = useSay();
  const word = status in TONES ? say(`runStatus.${status}`) : say(`status.${status}`);
  return (
    <span className={`mark tone-${toneOf(status)}`} data-status={status}>
      <StateIcon state={status} />
      <span>{word}</span>
      {count === undefined ? null : <strong>{count}</strong>}
    </span>
  );
});

export function Simulated() {
  const say = useSay();
  return (
    <span className="simulated">
      <RobotOutlined aria-hidden />
      {say("simulated")}
    </span>
  );
}
