import type { CommandResult } from "../commands/command.ts";
import { exitCode } from "../error/exit-code.ts";

export interface PrintOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** With --json exactly one JSON document reaches stdout, whatever the command has to say. */
export function printResult(result: CommandResult, { json = false, quiet = false }: PrintOptions = {}): number {
  if (json) process.stdout.write(`${JSON.stringify(result.data ?? {}, null, 2)}\n`);
  else if (result.text && !quiet) process.stdout.write(result.text.endsWith("\n") ? result.text : `${result.text}\n`);
  return result.exitCode ?? exitCode.ok;
}
