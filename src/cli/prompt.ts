import { isatty } from "node:tty";
import type { Prompter } from "../commands/command.ts";
import { MlgitError } from "../error/mlgit-error.ts";

/** Questions on the terminal, or undefined where nobody could answer: without a terminal nothing is ever asked. The library is loaded by the first question. */
export function createPrompter(): Prompter | undefined {
  // By number: process.stdin would be opened by being asked.
  if (!isatty(0) || !isatty(2)) return undefined;
  // A terminal that says it has no lines, as under some programs, shows no question and waits for ever.
  if (process.stderr.rows === 0) return undefined;
  const load = () => import("@clack/prompts");
  // stdout is for results.
  const on = { output: process.stderr };
  return {
    async text(message, { initial = "", problem } = {}) {
      const { text, isCancel } = await load();
      const validate = (value: string | undefined) => problem?.((value ?? "").trim() || initial);
      const hint = initial === "" ? {} : { placeholder: initial, defaultValue: initial };
      return answered(await text({ message, validate, ...hint, ...on }), isCancel).trim();
    },
    async choose(message, choices) {
      const { select, isCancel } = await load();
      const options = choices.map((value) => ({ value: String(value), label: value }));
      const chosen = answered(await select({ message, options, ...on }), isCancel);
      return choices.find((one) => one === chosen) as (typeof choices)[number];
    },
  };
}

function answered(value: string | symbol, isCancel: (value: unknown) => boolean): string {
  if (typeof value === "string" && !isCancel(value)) return value;
  throw new MlgitError("interrupted", "interrupted", { hint: "nothing was changed" });
}
