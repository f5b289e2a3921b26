// A row of figures: what it is, the number, and what it is made of.
import type { ReactNode } from "react";

export interface Figure {
  name: string;
  value: ReactNode;
  note?: ReactNode;
  tone?: string;
  title?: string;
}

export function Figures({ figures, label }: { figures: Figure[]; label: string }) {
  return (
    <dl className="figures" aria-label={label}>
      {figures.map(({ name, value, note, tone, title }) => (
        <div key={name} className={tone ? `figure tone-${tone}` : "figure"} title={title}>
          <dt>{name}</dt>
          <dd><strong>{value}</strong>{note ? <span className="note">{note}</span> : null}</dd>
        </div>
      ))}
    </dl>
  );
}
