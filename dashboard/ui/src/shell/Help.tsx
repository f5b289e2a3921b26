// What every key does; opened by `?`.
import { Modal } from "antd";
import { useSay } from "../words";

export const KEYS: [string, string][] = [
  ["mod+k", "palette"], ["?", "help"], ["g o", "overview"], ["g d", "design"], ["g g", "graph"], ["g l", "lanes"], ["g t", "tasks"], ["g c", "conflicts"], ["g m", "train"],
  ["g e", "log"], ["g r", "replay"], ["g w", "compare"], ["g n", "needs"], ["j", "next"], ["k", "previous"], ["Enter", "open"], ["/", "search"], ["p", "pause"], ["X", "cancel"], ["s", "steer"], ["1 / 2 / 3", "sides"], ["mod+Enter", "settle"], ["n", "add"], ["T", "theme"], ["L", "language"],
];

export function Key({ of }: { of: string }) {
  const say = useSay();
  const parts = of.split(" ");
  return (
    <>
      {parts.map((part, place) => (
        <span key={part + place}>
          {place ? <span className="quiet"> {say("keys.then")} </span> : null}
          {part.split("+").map((one, at) => <kbd key={at}>{one === "mod" ? (/Mac/.test(navigator.platform) ? "⌘" : "Ctrl") : one}</kbd>)}
        </span>
      ))}
    </>
  );
}

export function Help({ open, close }: { open: boolean; close: () => void }) {
  const say = useSay();
  return (
    <Modal open={open} onCancel={close} footer={null} title={say("keys.title")} width={620} destroyOnHidden>
      <dl className="keys">
        {KEYS.map(([key, word]) => (
          <div key={key}>
            <dt><Key of={key} /></dt>
            <dd>{say(`keys.${word}`)}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
