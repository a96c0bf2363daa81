import { mutabilities } from "../../entity/mutability.ts";
import { nameProblem } from "../../entity/name-rules.ts";
import { parseVersionTag } from "../../entity/version-tag.ts";
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
  if (options.wizard === true || options.wizardConfig === true) {
    if (context.ask) return context.ask;
    throw new MlgitError("usage", "--wizard asks questions, and there is no terminal", {
      hint: "give the options instead; -h lists them",
    });
  }
  if (!context.ask || options.json === true || options.quiet === true) return undefined;
  return (await gitSettingsIn(context.cwd)).flag("mlgit.wizard") === true ? context.ask : undefined;
}

export async function askYes(ask: Prompter, question: string): Promise<boolean> {
  return (await ask.choose(question, ["no", "yes"])) === "yes";
}

/** The options of a command with the number of a version, which is asked for unless `word` is a version's tag. */
export async function askForNumber(ask: Prompter | undefined, word: string, options: Options): Promise<Options> {
  if (!ask || options.version !== undefined || parseVersionTag(word)) return options;
  const problem = (answer: string) =>
    answer === latest || /^[1-9]\d{0,7}$/.test(answer) ? undefined : `a number, or ${latest}`;
  const version = await ask.text("Version", { initial: latest, problem });
  return version === latest ? options : { ...options, version };
}

const latest = "latest";

/** The options of `storage add`, with what belongs to its type asked for. */
export async function askForPlace(ask: Prompter | undefined, options: Options): Promise<Options> {
  if (!ask) return options;
  const type = options.type ?? (await ask.choose("Type", ["s3h", "azureblobh", "gdriveh", "sftph"]));
  const found: Record<string, unknown> = { ...options, type };
  for (const [key, question] of placeQuestions[String(type)] ?? []) {
    if (found[key] !== undefined) continue;
    const answer = await ask.text(question);
    if (answer !== "") found[key] = answer;
  }
  return found;
}

const s3Questions = [
  ["credentials", "Profile of your AWS configuration (empty: the usual one)"],
  ["region", "Region (empty: the profile's)"],
  ["endpointUrl", "Endpoint (empty: AWS)"],
] as const;

const placeQuestions: Readonly<Record<string, readonly (readonly [key: string, question: string])[]>> = {
  s3h: s3Questions,
  s3: s3Questions,
  gdriveh: [["credentials", "Name of the rclone remote (empty: gdrive)"]],
  sftph: [
    ["endpointUrl", "Host"],
    ["username", "User (empty: as ssh is configured)"],
    ["port", "Port (empty: 22)"],
  ],
};

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
export async function askForVersion(ask: Prompter | undefined, options: Options, next: number): Promise<Options> {
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
