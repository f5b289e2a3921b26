// Everything by name: runs, tasks of the run that is looked at, commands.
import { Input, Modal, type InputRef } from "antd";
import { useEffect, useId, useMemo, useRef, useState } from "react";
import { useSay } from "../words";

export interface Offer {
  kind: "run" | "task" | "command";
  name: string;
  hint?: string;
  go: () => void;
}

const SHOWN = 12;

/** Letters of the query in order, the closer together and the nearer to the beginning the better; -1: not in it. */
export function fit(query: string, name: string): number {
  const text = name.toLowerCase();
  const whole = text.indexOf(query);
  if (whole >= 0) return 1000 - whole;
  let at = -1;
  let gaps = 0;
  for (const letter of query) {
    const next = text.indexOf(letter, at + 1);
    if (next < 0) return -1;
    gaps += next - at - 1;
    at = next;
  }
  return 500 - gaps;
}

export function Palette({ open, close, offers }: { open: boolean; close: () => void; offers: Offer[] }) {
  const say = useSay();
  const [query, setQuery] = useState("");
  const [place, setPlace] = useState(0);
  const field = useRef<InputRef>(null);
  const list = useId();
  const found = useMemo(() => {
    const wanted = query.trim().toLowerCase();
    return offers
      .map((offer) => ({ offer, score: wanted ? fit(wanted, `${offer.name} ${offer.hint ?? ""}`) : 0 }))
      .filter(({ score }) => score >= 0)
      .sort((left, right) => right.score - left.score)
      .slice(0, SHOWN)
      .map(({ offer }) => offer);
  }, [offers, query]);
  useEffect(() => setPlace(0), [query, open]);
  useEffect(() => {
    if (open) setQuery("");
  }, [open]);
  const take = (offer: Offer | undefined) => {
    if (!offer) return;
    close();
    offer.go();
  };
  return (
    <Modal open={open} onCancel={close} footer={null} closable={false} width={560} className="palette" destroyOnHidden
      afterOpenChange={(shown) => shown && field.current?.focus()} title={<span className="unseen">{say("palette.label")}</span>}>
      <Input ref={field} value={query} size="large" variant="borderless" role="combobox" aria-expanded aria-controls={list}
        aria-activedescendant={found[place] ? `${list}-${place}` : undefined} aria-label={say("palette.label")}
        placeholder={say("palette.placeholder")} onChange={(event) => setQuery(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") setPlace((place + 1) % Math.max(1, found.length));
          else if (event.key === "ArrowUp") setPlace((place + found.length - 1) % Math.max(1, found.length));
          else if (event.key === "Enter") take(found[place]);
          else return;
          event.preventDefault();
        }} />
      <ul className="offers" role="listbox" id={list} aria-label={say("palette.label")}>
        {found.map((offer, at) => (
          <li key={`${offer.kind}/${offer.name}`} id={`${list}-${at}`} role="option" aria-selected={at === place}
            onMouseEnter={() => setPlace(at)} onClick={() => take(offer)}>
            <span className="offer-kind">{say(`palette.${offer.kind}`)}</span>
            <span className="offer-name">{offer.name}</span>
            <span className="offer-hint">{offer.hint}</span>
          </li>
        ))}
      </ul>
      {found.length ? null : <p className="quiet empty">{say("palette.nothing")}</p>}
    </Modal>
  );
}
