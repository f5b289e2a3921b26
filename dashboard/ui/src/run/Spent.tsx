// Money and tokens: against what the plan allows, and by the model that they were spent on.
import type { RunView } from "../api/types";
import type { Figure } from "../parts/Figures";
import { moneyOf, numberOf, useSay, type Say } from "../words";

const NEAR = 0.8;

/** What some runs have spent, of what their plans allow where all of them allow only so much. */
export function spendOf(say: Say, runs: RunView[]): Figure {
  const sum = (of: (run: RunView) => number) => runs.reduce((total, one) => total + of(one), 0);
  const allowed = (of: (run: RunView) => number | null) => (runs.every((one) => of(one) !== null) ? sum((one) => of(one)!) : null);
  const [usd, tokens] = [sum((one) => one.cost.usd), sum((one) => one.cost.tokens)];
  const [most, mostTokens] = [allowed((one) => one.limits.usd), allowed((one) => one.limits.tokens)];
  const used = Math.max(most ? usd / most : 0, mostTokens ? tokens / mostTokens : 0);
  const counted = mostTokens === null ? numberOf(tokens) : say("of", { part: numberOf(tokens), whole: numberOf(mostTokens) });
  const told = [...(most === null ? [] : [say("overview.spendOf", { most: moneyOf(most) })]), ...(tokens || most === null ? [`${counted} ${say("overview.tokens")}`] : [])];
  const note = told.join(" · ");
  return {
    name: say("overview.spend"), tone: used >= 1 ? "failed" : used >= NEAR ? "needs" : undefined, title: `${moneyOf(usd)} ${note} – ${say("overview.spendHint")}`,
    value: moneyOf(usd), note,
  };
}

export function Spent({ spent }: { spent: RunView["spent"] }) {
  const say = useSay();
  const cached = (one: RunView["spent"][number]) => one.cache_read + one.cache_write;
  return (
    <table className="table spent">
      <thead><tr><th scope="col">{say("spent.model")}</th><th scope="col" className="number">{say("overview.tokens")}</th><th scope="col" className="number">{say("spent.cached")}</th><th scope="col" className="number">{say("spent.usd")}</th></tr></thead>
      <tbody>
        {[...spent].sort((one, other) => other.usd - one.usd || other.tokens - one.tokens).map((one) => (
          <tr key={one.model} data-model={one.model}><th scope="row">{one.model}</th><td className="number">{numberOf(one.tokens)}</td><td className="number">{cached(one) ? numberOf(cached(one)) : ""}</td><td className="number">{moneyOf(one.usd)}</td></tr>
        ))}
      </tbody>
    </table>
  );
}
