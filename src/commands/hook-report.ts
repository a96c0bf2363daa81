import type { HookReport } from "../git/hook-state.ts";

/** What installing hooks came to, in lines for people; empty when there is nothing to say. */
export function describeHooks(reports: readonly HookReport[]): string[] {
  const chained = reports.filter((one) => one.state === "ours" && one.chained);
  const tracked = reports.filter((one) => one.state === "tracked");
  return [
    ...chained.map((one) => `your ${one.name} hook is kept as ${one.name}.before-mlgit and called first`),
    ...tracked.map((one) => `not touched, since git tracks it: ${one.path}; add the line: git mlgit ${one.name} "$@"`),
  ];
}
