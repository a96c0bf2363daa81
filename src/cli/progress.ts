import type { Progress } from "../commands/command.ts";

/** Placeholder until the terminal display is joined: silent. */
export function createProgress(_title: string, _options: { readonly quiet: boolean }): Progress {
  return { total() {}, advance() {}, done() {} };
}
