// The tasks of a run as one bar, by state; the words beside it say the same.
import { partsOf } from "./facts";

export function Progress({ counts, label }: { counts: Record<string, number>; label: string }) {
  return (
    <div className="progress" role="img" aria-label={label}>
      {partsOf(counts).map(([status, count]) => (
        <span key={status} className={`part fill-${status.toLowerCase()}`} style={{ flexGrow: count }} />
      ))}
    </div>
  );
}
