import { type CommanderError, Option, Command as Parser } from "commander";
import type { Action, Command, CommandEntry, Context, OptionSpec, Options } from "../commands/command.ts";
import { declareHint } from "../commands/declared-kinds.ts";
import { commands } from "../commands/index.ts";
import { exitCode } from "../error/exit-code.ts";
import { MlgitError, systemCode } from "../error/mlgit-error.ts";
import { version } from "../util/version.ts";
import { printResult } from "./print-result.ts";
import { runInContext } from "./run-in-context.ts";

export interface ParseOptions {
  readonly json: boolean;
  readonly signal: () => AbortSignal;
}

const headings = {
  work: "Working with data:",
  entity: "Datasets, labels and models:",
  pipeline: "Pipelines and lineage:",
  setup: "Setting up and finding out:",
} as const;

/** Every command has these. */
const commonOptions: readonly OptionSpec[] = [
  { flags: "-q, --quiet", description: "print errors only" },
  { flags: "--json", description: "print the result as JSON" },
  { flags: "--verbose", description: "say on stderr what is done, as MLGIT_TRACE=1 does" },
];

type Run = (context: Context, args: readonly string[], options: Options) => ReturnType<Command["run"]>;

/**
 * Parses with commander and runs the subcommand; resolves to its exit code.
 * @throws MlgitError kind `usage` for what cannot be parsed, and whatever the command throws.
 */
export async function runParsed(argv: readonly string[], { json, signal }: ParseOptions): Promise<number> {
  const operands = argv.filter((arg) => !arg.startsWith("-"));
  let code: number = exitCode.ok;
  const execute = async (name: string, run: Run, parser: Parser) => {
    const options = parser.optsWithGlobals();
    const quiet = options.quiet === true;
    // The hooks that git starts for us are to say it, too.
    if (options.verbose === true) process.env.MLGIT_TRACE ||= "1";
    code = await runInContext(name, { signal, quiet }, (context) =>
      run(context, parser.args, options).then((result) => printResult(result, { json, quiet })),
    );
  };
  const entries = [...commands, ...(await declaredEntries(operands[0]))];
  const isOverview = argv.length === 0 || (operands.length === 1 && operands[0] === "help");
  const parser = await createParser(isOverview ? entries : called(entries, operands[0]), {
    words: operands,
    next: argv[0] === operands[0] ? argv[1] : undefined,
    execute,
  });
  if (isOverview) {
    parser.outputHelp();
    return exitCode.ok;
  }
  try {
    await parser.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    if (!systemCode(error)?.startsWith("commander.")) throw error;
    if ((error as CommanderError).exitCode === 0) return exitCode.ok;
    throw (
      (await noSubcommand(error as CommanderError, entries, operands)) ??
      usageError(error as CommanderError, entries, operands)
    );
  }
}

/** The one that a word names, or all: what else there is matters to the overview and to words that are none. */
function called<T extends Pick<Action, "name" | "aliases">>(
  entries: readonly T[],
  word: string | undefined,
): readonly T[] {
  const found = word === undefined ? undefined : entries.find((one) => isCalled(one, [word]));
  return found ? [found] : entries;
}

/** The kinds that the repository declares, where they may matter: for the overview, for their remotes, and for a word that is no command of ours. */
async function declaredEntries(wanted: string | undefined): Promise<CommandEntry[]> {
  const isOurs = (word: string) => commands.some(({ name, aliases = [] }) => name === word || aliases.includes(word));
  if (wanted !== undefined && !["help", "repository"].includes(wanted) && isOurs(wanted)) return [];
  const { findRepository } = await import("../git/repository.ts");
  const repository = await findRepository(process.cwd()).catch(() => undefined);
  if (!repository) return [];
  const [{ loadKinds }, { kindEntries }, { kinds }] = await Promise.all([
    import("../commands/declared-kinds.ts"),
    import("../commands/kind/kind-entries.ts"),
    import("../entity/kind.ts"),
  ]);
  await loadKinds(repository, () => {});
  return kindEntries(kinds());
}

interface Wanted {
  /** What is no option. */
  readonly words: readonly string[];
  /** What stands right behind the command, if that comes first. */
  readonly next: string | undefined;
  readonly execute: Execute;
}

/** Knows all commands by name, and all about the wanted one. */
async function createParser(entries: readonly CommandEntry[], wanted: Wanted): Promise<Parser> {
  const parser = new Parser("git mlgit")
    .description("Plain git for ML data: datasets, labels and models of any size")
    .version(`mlgit version ${version}`, "--version", "print the version")
    .helpOption("-h, --help", "print this")
    .helpCommand(false)
    .usage("<command> [options] [--] [paths]")
    .addHelpText("after", "\n`git mlgit <command> -h` for its options, `git mlgit help <command>` for its manual.")
    .configureHelp({ subcommandTerm: (sub) => sub.name() })
    .configureOutput({ writeErr: () => {} })
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .exitOverride();
  for (const entry of entries) {
    const sub = parser.command(entry.name, { hidden: entry.plumbing ?? false }).summary(entry.summary);
    sub.aliases(entry.aliases ?? []);
    sub.helpGroup(headings[entry.group ?? "work"]).description(entry.summary);
    if (isCalled(entry, wanted.words.slice(0, 1))) await defineEntry(sub, entry, wanted);
  }
  return parser;
}

type Execute = (name: string, run: Run, parser: Parser) => Promise<void>;

function isCalled({ name, aliases = [] }: Pick<Action, "name" | "aliases">, words: readonly string[]): boolean {
  return words.some((word) => word === name || aliases.includes(word));
}

async function defineEntry(parser: Parser, entry: CommandEntry, wanted: Wanted): Promise<void> {
  const { command } = await entry.load();
  define(parser, command);
  if (command.raw) parser.allowUnknownOption().passThroughOptions();
  parser.addHelpText("after", `\nMore: git mlgit help ${entry.name}`);
  parser.action(() => wanted.execute(entry.name, command.run.bind(command), parser));
  for (const action of called(command.actions ?? [], wanted.next)) defineAction(parser, { entry, action, wanted });
}

/** What no word names is only listed: defining options takes its time. */
function defineAction(
  parser: Parser,
  { entry, action, wanted }: { entry: CommandEntry; action: Action; wanted: Wanted },
): void {
  const sub = parser.command(action.name).summary(action.summary).description(action.summary);
  sub.aliases(action.aliases ?? []);
  if (!isCalled(action, wanted.words)) return;
  define(sub, action);
  sub.action(() => wanted.execute(`${entry.name} ${action.name}`, action.run.bind(action), sub));
  for (const inner of action.actions ?? []) defineAction(sub, { entry, action: inner, wanted });
}

function define(parser: Parser, command: Command | Action): void {
  if (command.actions) parser.helpCommand(false);
  for (const argument of command.arguments ?? []) parser.argument(argument.name, argument.description);
  const own = command.options ?? [];
  // What git calls has git's arguments alone.
  const offered = "raw" in command && command.raw ? [] : commonOptions;
  const common = offered.filter(({ flags }) => !own.some((option) => longName(option) === longName({ flags })));
  for (const option of [...own, ...common]) parser.addOption(commanderOption(option));
  parser.helpOption("-h, --help", "print this").exitOverride((error) => {
    throw Object.assign(error, { in: nameOf(parser) });
  });
}

/** With the names of those that it is a subcommand of. */
function nameOf(parser: Parser): string {
  const { parent } = parser;
  return parent?.parent ? `${nameOf(parent)} ${parser.name()}` : parser.name();
}

function commanderOption(spec: Pick<OptionSpec, "flags" | "description" | "repeat" | "choices">): Option {
  const option = new Option(spec.flags, spec.description);
  if (spec.choices) option.choices(spec.choices);
  if (spec.repeat)
    option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
  return option;
}

function longName({ flags }: { readonly flags: string }): string {
  return /--([a-z0-9-]+)/i.exec(flags)?.[1] ?? flags;
}

/** commander counts a word that is no subcommand as an argument too many. */
async function noSubcommand(
  error: CommanderError,
  entries: readonly CommandEntry[],
  [name = "", ...words]: readonly string[],
): Promise<MlgitError | undefined> {
  const entry = entries.find((one) => isCalled(one, [name]));
  if (error.code !== "commander.excessArguments" || !entry) return undefined;
  let { actions = [], arguments: takes = [] }: Omit<Command, "raw"> = (await entry.load()).command;
  const path = [entry.name];
  for (const word of words) {
    const action = actions.find((one) => isCalled(one, [word]));
    if (action) {
      path.push(action.name);
      ({ actions = [], arguments: takes = [] } = action);
      continue;
    }
    if (actions.length === 0 || takes.length > 0) return undefined;
    const known = actions.map((one) => one.name).join(", ");
    const hint = `there are: ${known}; see \`git mlgit ${entry.name} -h\``;
    return new MlgitError("usage", `${path.join(" ")} has no subcommand ${JSON.stringify(word)}`, {
      hint,
      cause: error,
    });
  }
  return undefined;
}

function usageError(error: CommanderError, entries: readonly CommandEntry[], operands: readonly string[]): MlgitError {
  const [name = "", ...rest] = operands;
  const [first = "", suggestion] = error.message.replace(/^error: /, "").split("\n");
  const known = entries.some((entry) => entry.name === name || entry.aliases?.includes(name));
  const { in: place = known ? name : undefined } = error as { in?: string };
  const more = place ? `git mlgit ${place} -h` : "git mlgit -h";
  const guess = /Did you mean (.*)\?/.exec(suggestion ?? "")?.[1];
  const help = guess ? `did you mean ${guess}?` : `see \`${more}\``;
  // `git mlgit endpoints create …` was meant for a kind, `git mlgit statsu` was not.
  const kind = known || (guess && rest.length === 0) ? undefined : declareHint(name);
  return new MlgitError("usage", first, { hint: kind ? `${help}; ${kind}` : help, cause: error });
}
