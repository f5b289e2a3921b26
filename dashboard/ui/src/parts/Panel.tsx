// A framed part of a page with a heading; it scrolls inside when it is told to.
import type { ReactNode } from "react";
import { useId } from "react";

interface Props {
  title: ReactNode;
  extra?: ReactNode;
  children: ReactNode;
  className?: string;
  id?: string;
}

export function Panel({ title, extra, children, className = "", id }: Props) {
  const heading = useId();
  return (
    <section className={`panel ${className}`} aria-labelledby={heading} id={id}>
      <header className="panel-head">
        <h2 id={heading} tabIndex={-1}>{title}</h2>
        {extra ? <div className="panel-extra">{extra}</div> : null}
      </header>
      <div className="panel-body">{children}</div>
    </section>
  );
}

export function Quiet({ children }: { children: ReactNode }) {
  return <p className="quiet empty">{children}</p>;
}
