import { existsSync } from "node:fs";
import type { CommandEntry } from "../commands/command.ts";
import { commands } from "../commands/index.ts";
import { printResult } from "./print-result.ts";
import { reportError } from "./report-error.ts";
import { runInContext } from "./run-in-context.ts";

/** What Node makes of bytes that are no UTF-8: what the user wrote is lost by then. */
const notUtf8 = "\ufffd";
const namesOnly = "hint: what is not UTF-8 cannot be named here; name the folder that it lies in\n";

/** argv (without node and script) → exit code. Prints results to stdout, everything else to stderr. */
export async function run(argv: readonly string[], signal: () => AbortSignal): Promise<number> {
  const [name = "", ...rest] = argv;
  const entry = commands.find((one) => one.name === (name === "--version" ? "version" : name));
  const json = wantsJson(argv);
  try {
    if (entry && ((entry.plumbing && !wantsHelp(rest)) || (entry.name === "version" && rest.length === 0)))
      return await runUnparsed(entry, rest, signal);
    const { runParsed } = await import("./parse.ts");
    return await runParsed(argv, { json, signal });
  } catch (error) {
    const code = reportError(error, { json: json && !entry?.plumbing });
    if (argv.some((word) => word.includes(notUtf8))) process.stderr.write(namesOnly);
    return code;
  }
}

/** git's own calls skip the argument parser: a hook or a filter must start in Node's own time. */
async function runUnparsed(entry: CommandEntry, args: readonly string[], signal: () => AbortSignal): Promise<number> {
  const { command } = await entry.load();
  return runInContext(entry.name, { quiet: false, signal }, async (context) =>
    printResult(await command.run(context, args, {})),
  );
}

/** Of git's own calls only textconv's can be this one word: a file of the worktree that is called so. */
function wantsHelp(args: readonly string[]): boolean {
  const [word = ""] = args;
  return args.length === 1 && ["-h", "--help"].includes(word) && !existsSync(word);
}

function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end < 0 ? undefined : end).includes("--json");
}
