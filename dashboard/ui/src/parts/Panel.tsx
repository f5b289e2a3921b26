// A framed part of a page with a heading; it scrolls inside when it is told to.
import type { ReactNode } from "react";
import { useId } from "react";

interface Props {
  title: ReactNode;
  extra?: ReactNode;
  children: ReactNode;
  className?: string;
  level?: 2 | 3;
  id?: string;
}

export function Panel({ title, extra, children, className = "", level = 2, id }: Props) {
  const heading = useId();
  const Heading = level === 2 ? "h2" : "h3";
  return (
    <section className={`panel ${className}`} aria-labelledby={heading} id={id}>
      <header className="panel-head">
        <Heading id={heading} tabIndex={-1}>{title}</Heading>
        {extra ? <div className="panel-extra">{extra}</div> : null}
      </header>
      <div className="panel-body">{children}</div>
    </section>
  );
}

export function Quiet({ children }: { children: ReactNode }) {
  return <p className="quiet empty">{children}</p>;
}
