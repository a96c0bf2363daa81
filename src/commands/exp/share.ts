import { exitCode } from "../../error/exit-code.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { listRefCommits, type RefCommit } from "../../git/experiment-tree.ts";
import { defaultRemote } from "../../git/remote.ts";
import { gitIn } from "../../git/repository.ts";
import { contentsOf } from "../collect-contents.ts";
import type { Action, Context, Options } from "../command.ts";
import { ensureHooks } from "../ensure-hooks.ts";
import { experimentPrefix, experimentRef } from "../pipeline/experiment-ref.ts";
import { Session } from "../session.ts";
import { fetchRuns } from "../share-runs.ts";
import { upload } from "../upload.ts";
import { findExperiment } from "./list.ts";

const words = [
  { name: "[remote]", description: "default: the current branch's remote" },
  { name: "[names...]", description: "experiments" },
];

export const push: Action = {
  name: "push",
  summary: "Send experiments, with their data and the records of their runs, to a remote",
  arguments: words,
  options: [
    { flags: "--all", description: "all of them" },
    { flags: "-f, --force", description: "in place of other experiments of these names there" },
  ],
  async run(context, args, options) {
    const session = await Session.open(context);
    try {
      const { remote, names } = await split(args, session, "push");
      const found = await chosen(names, session, options);
      // Without names git would push the branch.
      if (found.length === 0) return { text: "no experiments", data: { remote, pushed: [], known: [] } };
      // Data before refs, also where hooks are switched off; the hook finds nothing left to do then, and sends the records.
      const wanted = await contentsOf(session.repository, { include: found.map(({ commit }) => commit), exclude: [] });
      await upload(wanted, { session, context, remote, tips: found.map(({ commit }) => commit), mayLack: true });
      await ensureHooks(session, context);
      const sign = options.force === true ? "+" : "";
      const specs = found.map(({ name, commit }) => `${sign}${commit}:${experimentRef(name)}`);
      const quiet = ["-c", "push.followTags=false", "push", "--porcelain", "--signed=false", "--recurse-submodules=no"];
      const { code, stdout } = await gitIn(session.repository, [...quiet, "--", remote, ...specs], { okCodes: [0, 1] });
      return reportPush(stdout.toString("utf8"), { code, remote, found });
    } finally {
      await session.close();
    }
  },
};

/** git's lines: `<flag> TAB <from>:<to> TAB <what happened>`. Source: git-push(1), OUTPUT. */
function reportPush(
  text: string,
  { code, remote, found }: { readonly code: number; readonly remote: string; readonly found: readonly RefCommit[] },
) {
  const rows = text.split("\n").flatMap((line) => {
    const [, flag = "", ref = "", summary = ""] = /^(.)\t[^:]*:([^\t]+)\t(.*)$/.exec(line) ?? [];
    return ref.startsWith(experimentPrefix) ? [{ name: ref.slice(experimentPrefix.length), flag, summary }] : [];
  });
  const refused = rows.filter(({ flag }) => flag === "!");
  if (refused.length > 0)
    throw new MlgitError(
      "conflict",
      `${remote} did not take ${refused.map(({ name, summary }) => `${name} ${summary}`).join(", ")}`,
      { hint: "git mlgit exp push --force puts yours in the place of another one of that name" },
    );
  if (code !== 0) throw new MlgitError("incomplete", `git push to ${remote} failed: ${text.trim()}`);
  const sent = rows.filter(({ flag }) => flag !== "=").map(({ name }) => name);
  const known = found.map(({ name }) => name).filter((name) => !sent.includes(name));
  const lines = [...sent.map((name) => `pushed ${name}`), ...known.map((name) => `${name} was there`)];
  return { text: lines.join("\n") || "no experiments", data: { remote, pushed: sent, known } };
}

export const fetch: Action = {
  name: "fetch",
  summary: "Bring experiments of a remote, and the records of their runs",
  arguments: words,
  options: [{ flags: "-f, --force", description: "in place of own experiments of these names" }],
  async run(context, args, options) {
    const session = await Session.open(context);
    try {
      const { remote, names } = await split(args, session, "fetch");
      const before = await known(session);
      await fetchRefs(remote, names, { session, force: options.force === true });
      await fetchRuns(remote, session, context);
      const fetched = (await listRefCommits(session.repository, experimentPrefix)).filter(
        ({ name, commit }) => before.get(name) !== commit,
      );
      const lost = await refused(remote, names, session);
      for (const name of lost) warnKept(name, context);
      return {
        text: fetched.map(({ name }) => `fetched ${name}`).join("\n") || "nothing new",
        data: { remote, fetched: fetched.map(({ name, commit }) => ({ name, commit })), kept: lost },
        exitCode: lost.length > 0 ? exitCode.incomplete : exitCode.ok,
      };
    } finally {
      await session.close();
    }
  },
};

function warnKept(name: string, context: Context): void {
  context.warn(`your own experiment ${name} is another one and stays; git mlgit exp fetch --force replaces it`);
}

async function known({ repository }: Session): Promise<ReadonlyMap<string, string>> {
  const refs = await listRefCommits(repository, experimentPrefix);
  return new Map(refs.map(({ name, commit }) => [name, commit]));
}

/** git moves no ref to a commit that is no descendant unless it is told to: what it refuses is looked for afterwards. */
async function fetchRefs(
  remote: string,
  names: readonly string[],
  { session, force }: { readonly session: Session; readonly force: boolean },
): Promise<void> {
  const patterns = names.length > 0 ? names : ["*"];
  const specs = patterns.map((name) => `${force ? "+" : ""}${experimentRef(name)}:${experimentRef(name)}`);
  const quiet = ["--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no", "--refmap="];
  const { code } = await gitIn(session.repository, ["fetch", ...quiet, "--", remote, ...specs], {
    okCodes: [0, 1, 128],
  });
  if (code === 128)
    throw new MlgitError("incomplete", `${remote} could not be asked, or lacks one of ${patterns.join(", ")}`, {
      hint: `git ls-remote ${remote} 'refs/mlgit/exps/*' says what it has`,
    });
}

/** Names that are something else there than here. */
async function refused(remote: string, names: readonly string[], session: Session): Promise<string[]> {
  const own = await known(session);
  const patterns = (names.length > 0 ? names : ["*"]).map(experimentRef);
  const { stdout } = await gitIn(session.repository, ["ls-remote", "--quiet", "--", remote, ...patterns]);
  return stdout
    .toString("utf8")
    .split("\n")
    .flatMap((line) => {
      const [commit = "", ref = ""] = line.split("\t");
      const name = ref.slice(experimentPrefix.length);
      return own.has(name) && own.get(name) !== commit ? [name] : [];
    });
}

async function chosen(names: readonly string[], { repository }: Session, options: Options): Promise<RefCommit[]> {
  if ((names.length === 0) !== (options.all === true))
    throw new MlgitError("usage", "name the experiments to push, or say --all", { hint: "git mlgit exp list" });
  if (options.all === true) return listRefCommits(repository, experimentPrefix);
  return Promise.all(names.map((name) => findExperiment(repository, name)));
}

/** The first word is a remote if one is called so. @throws MlgitError kind `setup` where no remote stands out. */
async function split(args: readonly string[], session: Session, direction: "fetch" | "push") {
  const [first, ...rest] = args;
  if (first !== undefined && session.git.names("remote", "url").includes(first)) return { remote: first, names: rest };
  const remote = await defaultRemote(session.repository, session.git, direction);
  if (remote !== undefined) return { remote, names: args };
  throw new MlgitError("setup", "there is no remote to share experiments with", {
    hint: "git remote add origin <url>",
  });
}
