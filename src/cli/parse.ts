import { Command as Parser } from "commander";
import { type CommandEntry, commands } from "../commands/index.ts";
import { exitCode } from "../error/exit-code.ts";
import { version } from "../util/version.ts";
import { createContext } from "./context.ts";
import { printResult } from "./run.ts";

/** Parses with commander and runs the subcommand; resolves to its exit code. */
export async function runParsed(argv: readonly string[]): Promise<number> {
  const parser = new Parser("git mlgit")
    .description("Plain git for ML data: datasets, labels and models of any size")
    .version(`mlgit version ${version}`, "--version")
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .exitOverride();
  let code: number = exitCode.ok;
  const wanted = commands.find((entry) => entry.name === argv.find((arg) => !arg.startsWith("-")));
  for (const entry of commands) {
    const sub = parser
      .command(entry.name, { hidden: entry.plumbing ?? false })
      .summary(entry.summary)
      .description(entry.summary);
    if (entry === wanted)
      await define(sub, entry, (result) => {
        code = result;
      });
  }
  try {
    if (argv.length === 0) {
      parser.outputHelp();
      return exitCode.usage;
    }
    await parser.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    const { code: reason, exitCode: status } = error as { code?: string; exitCode?: number };
    if (!reason?.startsWith("commander.")) throw error;
    return status === 0 ? exitCode.ok : exitCode.usage;
  }
}

async function define(parser: Parser, entry: CommandEntry, done: (code: number) => void): Promise<void> {
  const { command } = await entry.load();
  for (const argument of command.arguments ?? []) parser.argument(argument.name, argument.description);
  for (const option of command.options ?? []) parser.option(option.flags, option.description);
  parser.option("-q, --quiet", "print errors only");
  parser.exitOverride().action(async (...values: unknown[]) => {
    const options = parser.opts();
    const context = createContext({ quiet: options.quiet === true });
    done(printResult(await command.run(context, parser.args, options), options.json === true));
    void values;
  });
}
