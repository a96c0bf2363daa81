import { dirname } from "node:path";
import type { HookReport } from "../git/hook-state.ts";

/** Makes git look for hooks where it does by default, whatever is set for all repositories. */
export const ownHooks = 'git config core.hooksPath "$(git rev-parse --path-format=absolute --git-common-dir)/hooks"';

/** Is there a hook in all places, and does it lead to us? */
export function areInPlace(reports: readonly HookReport[]): boolean {
  return reports.every(({ state }) => state !== "tracked" && state !== "absent");
}

/** What installing hooks came to, in lines for people; empty when there is nothing to say. */
export function describeHooks(reports: readonly HookReport[]): string[] {
  const chained = reports.filter((one) => one.state === "ours" && one.chained);
  const [off] = reports.filter((one) => one.state === "absent");
  const tracked = reports.filter((one) => one.state === "tracked");
  return [
    ...(off ? offLines(dirname(off.path)) : []),
    ...chained.map((one) => `your ${one.name} hook is kept as ${one.name}.before-mlgit and called first`),
    ...tracked.map((one) => `not touched, since git tracks it: ${one.path}; add the line: git mlgit ${one.name} "$@"`),
  ];
}

/** After installing none is absent but where there is no folder to put it. */
function offLines(folder: string): string[] {
  return [
    `hooks are switched off: core.hooksPath is ${folder}. A git push sends no data then, unless git mlgit push ran before it`,
    `  to have hooks in this repository: ${ownHooks}, and then git mlgit init`,
  ];
}
