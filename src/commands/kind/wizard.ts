import { mutabilities } from "../../entity/mutability.ts";
import { nameProblem } from "../../entity/name-rules.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import type { Context, OptionSpec, Options, Prompter } from "../command.ts";
import { gitSettingsIn } from "../git-settings-in.ts";
import { loadSettings } from "../load-settings.ts";

export const wizardOption: OptionSpec = { flags: "--wizard", description: "ask on the terminal for what is missing" };

/**
 * Who is to be asked for what is missing: nobody, unless `--wizard` or `mlgit.wizard` says so.
 * @throws MlgitError kind `usage` for --wizard without a terminal.
 */
export async function wizardOf(context: Context, options: Options): Promise<Prompter | undefined> {
  if (options.wizard === true) {
    if (context.ask) return context.ask;
    throw new MlgitError("usage", "--wizard asks questions, and there is no terminal", {
      hint: "give the options instead; -h lists them",
    });
  }
  if (!context.ask || options.json === true || options.quiet === true) return undefined;
  return (await gitSettingsIn(context.cwd)).bool("mlgit.wizard") === true ? context.ask : undefined;
}

/** The options of `create`, with what is missing asked for. */
export async function askForEntity(context: Context, options: Options): Promise<Options> {
  const ask = await wizardOf(context, options);
  if (!ask) return options;
  const categories =
    options.categories ?? (await ask.text("Categories, with commas between", { problem: categoriesProblem }));
  const mutability = options.mutability ?? (await ask.choose("Mutability: may published files change?", mutabilities));
  return { ...options, categories, mutability, ...(await askForStorage(context, ask, options)) };
}

/** The options of `commit`, with number and message asked for. */
export async function askForVersion(context: Context, options: Options, next: number): Promise<Options> {
  const ask = await wizardOf(context, options);
  if (!ask) return options;
  const problem = (answer: string) =>
    /^\d{1,8}$/.test(answer) && Number(answer) >= next ? undefined : `a number, ${next} or higher`;
  const version = options.version ?? (await ask.text("Version", { initial: String(next), problem }));
  const message = options.message ?? (await ask.text("Message (may be empty)"));
  return { ...options, version, ...(message === "" ? {} : { message }) };
}

function categoriesProblem(answer: string): string | undefined {
  const words = answer.split(",").map((word) => word.trim());
  for (const word of words) {
    const problem = nameProblem(word);
    if (problem) return `${JSON.stringify(word)} ${problem}`;
  }
  return undefined;
}

const none = "none: where all other data goes";

async function askForStorage(context: Context, ask: Prompter, options: Options): Promise<Options> {
  if (options.bucketName !== undefined) return {};
  const { settings } = await loadSettings(await context.repository());
  const stores = [...settings.stores.values()].filter(({ url }) => /^s3:\/\//.test(url));
  if (stores.length === 0) return {};
  const name = await ask.choose("Storage", [...stores.map((store) => store.name), none]);
  const url = stores.find((store) => store.name === name)?.url;
  return url === undefined ? {} : { bucketName: new URL(url).hostname, storageType: "s3h" };
}
