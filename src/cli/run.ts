import type { CommandResult } from "../commands/command.ts";
import { type CommandEntry, commands } from "../commands/index.ts";
import { exitCode } from "../error/exit-code.ts";
import { createContext } from "./context.ts";
import { reportError } from "./report-error.ts";

/** argv (without node and script) → exit code. Prints results to stdout, everything else to stderr. */
export async function run(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  const entry = commands.find((one) => one.name === name);
  try {
    if (entry?.plumbing) return await runPlumbing(entry, rest);
    const { runParsed } = await import("./parse.ts");
    return await runParsed(argv);
  } catch (error) {
    return reportError(error);
  }
}

/** git's own calls skip the argument parser: a hook or a filter must start in Node's own time. */
async function runPlumbing(entry: CommandEntry, args: readonly string[]): Promise<number> {
  const { command } = await entry.load();
  return printResult(await command.run(createContext({ quiet: false }), args, {}), false);
}

export function printResult(result: CommandResult, json: boolean): number {
  if (json && result.data !== undefined) process.stdout.write(`${JSON.stringify(result.data, null, 2)}\n`);
  else if (result.text) process.stdout.write(result.text.endsWith("\n") ? result.text : `${result.text}\n`);
  return result.exitCode ?? exitCode.ok;
}
