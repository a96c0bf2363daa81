import { gitSettingsIn } from "../commands/git-settings-in.ts";
import { checkedOutBranch, emptyObjects, openRemote } from "../commands/remote-tools.ts";
import { exitCode } from "../error/exit-code.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { asRecorded } from "../git/as-recorded.ts";
import { fixGitFolders } from "../git/environment.ts";
import { findRepository } from "../git/repository.ts";
import { Helper } from "../remote-helper/helper.ts";
import { HelperOptions } from "../remote-helper/helper-options.ts";
import { version } from "../util/version.ts";
import { runProcess } from "./process.ts";
import { processContext } from "./process-context.ts";
import { reportError } from "./report-error.ts";

/** What bin/git-remote-mlgit starts. */
export function start(): void {
  void runProcess((signal) => main(process.argv.slice(2), signal));
}

/** git starts us with a remote's name and what follows `mlgit::` in its URL. Neither is an option, whatever it looks like. */
async function main(args: readonly string[], signal: () => AbortSignal): Promise<number> {
  const options = new HelperOptions();
  const context = processContext({ quiet: false, signal, asked: options });
  try {
    if (args.length === 1 && args[0] === "--version") {
      process.stdout.write(`mlgit version ${version}\n`);
      return exitCode.ok;
    }
    const [name, url] = args;
    if (name === undefined || url === undefined || args.length !== 2)
      throw new MlgitError("usage", "git starts this program for mlgit:: URLs", {
        hint: "git clone mlgit::s3://bucket/prefix",
      });
    fixGitFolders();
    Object.assign(process.env, asRecorded);
    await serve(context, options, [name, url]);
    return exitCode.ok;
  } catch (error) {
    context.log.error("remote helper failed", { error });
    return reportError(error);
  } finally {
    await context.close();
  }
}

async function serve(
  context: ReturnType<typeof processContext>,
  options: HelperOptions,
  [name, url]: readonly [string, string],
): Promise<void> {
  const git = await gitSettingsIn(context.cwd);
  const remote = await openRemote(context, { name, url, git });
  // Fetches are spared all that looks into commits.
  const pushing = () => import("../commands/remote-push.ts");
  const helper = new Helper({
    remote,
    options,
    repository: context.repository,
    localHead: async () => checkedOutBranch(await context.repository()),
    uploadData: async (include, exclude) => (await pushing()).uploadPushed(context, name, { include, exclude }),
    checkRules: async (changes, known) => (await pushing()).checkRules(context, changes, known),
    emptyObjects: () => emptyObjects(context, git),
    objectFormat: async () => (await findRepository(context.cwd)).objectFormat,
    warn: context.warn,
    progress: context.progress,
    input: 0,
    output: 1,
  });
  await helper.run();
  await remote.backend.close();
}
