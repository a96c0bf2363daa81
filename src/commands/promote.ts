import { rmSync } from "node:fs";
import { join } from "node:path";
import { redactUrl } from "../backend/location.ts";
import { kinds } from "../entity/kind.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { writeBranch } from "../git/promotion.ts";
import { resolveRemote } from "../git/remote.ts";
import type { Repository } from "../git/repository.ts";
import { resolveObjects } from "../git/tags.ts";
import { runUserCommand } from "../git/user-command.ts";
import { uniqueName } from "../util/durable.ts";
import { markPrefix } from "../util/process-mark.ts";
import type { Command, Context } from "./command.ts";
import { findVersion, versionsOf } from "./kind/versions.ts";
import type { VersionTree } from "./published.ts";
import { sendData } from "./registry/publish.ts";
import { Session } from "./session.ts";
import { type EntityWord, parseEntityWord } from "./sharing/origin-version.ts";
import { findTarget, type PromoteTarget } from "./sharing/promote-target.ts";

/** Makes a branch that brings a version of an entity to where it is to be used, ready for a pull request. */
export const command = {
  arguments: [
    {
      name: "<entity>",
      description: "name, name@version, kind/name@version or a version's tag; default: its newest version",
    },
  ],
  options: [
    { flags: "--to <target>", description: "a branch of the default remote, a remote, or remote/branch" },
    { flags: "--branch <name>", description: "what the new branch is called; default: promote/<name>-<version>" },
    {
      flags: "--trust-store <place>",
      description: "a place that the target's files name and that may be used, as a refusal printed it",
      repeat: true,
    },
    { flags: "--pr", description: "open the pull request with gh" },
  ],
  async run(context, [word = ""], options) {
    if (typeof options.to !== "string" || options.to === "")
      throw new MlgitError("usage", "say where to", { hint: `git mlgit promote ${word} --to staging` });
    const wanted = parseEntityWord(word);
    const session = await Session.open(context);
    try {
      const version = await chosen(session.repository, wanted);
      const target = await findTarget(session, options.to);
      const branch = String(options.branch ?? `promote/${version.place.name}-${version.version.version}`);
      const allowed = (options.trustStore ?? []) as readonly string[];
      return await promote({ session, context, version, target, branch, allowed }, options.pr === true);
    } finally {
      await session.close();
    }
  },
} satisfies Command;

interface Promotion {
  readonly session: Session;
  readonly context: Context;
  readonly version: VersionTree;
  readonly target: PromoteTarget;
  readonly branch: string;
  readonly allowed: readonly string[];
}

async function chosen(repository: Repository, { kind, name, version, tag }: EntityWord): Promise<VersionTree> {
  const fitting = [];
  for (const one of kind ? [kind] : kinds())
    if ((await versionsOf(repository, one, name)).length > 0) fitting.push(one);
  const [first = kind ?? kinds()[0], other] = fitting;
  if (first && other)
    throw new MlgitError("usage", `${name} is both ${first.name} and ${other.name}`, {
      hint: `say which: ${first.folder}/${name}`,
    });
  if (!first) throw new MlgitError("internal", "there are no kinds");
  return findVersion(repository, first, { word: tag ?? name, number: version });
}

async function promote(promotion: Promotion, open: boolean) {
  const { session, context, version, target, branch, allowed } = promotion;
  const { tag } = version.version;
  const { folder } = version.place;
  const [there] = await resolveObjects(session.repository, [`${target.tip}:${folder}`]);
  const data = { tag, folder, remote: target.remote, base: target.branch };
  if (there === version.tree)
    return { text: `${target.remote}/${target.branch} has ${tag} already`, data: { ...data, promoted: false } };
  await sendData({ session, context, remote: target.remote, allowed }, version, {
    branch: target.branch,
    commit: target.tip,
    tree: target.tip,
  });
  const commit = await writeBranch(session.repository, {
    ...target,
    newBranch: branch,
    folder,
    tree: version.tree,
    message: titleOf(version),
  });
  const line = await pullRequest(promotion);
  const opened = open ? await runPullRequest(context, session.repository, line) : undefined;
  const text = [
    `${tag} is on the branch ${branch} of ${target.remote}, on top of ${target.branch}`,
    opened === undefined ? `open the pull request: ${quoteLine(line)}` : opened.trim(),
  ].join("\n");
  return {
    text,
    data: {
      ...data,
      promoted: true,
      branch,
      commit,
      command: line,
      ...(opened === undefined ? {} : { opened: opened.trim() }),
    },
  };
}

function titleOf({ place, version }: VersionTree): string {
  return `Promote ${place.kind.name} ${place.name}, version ${version.version}`;
}

async function pullRequest({ session, version, target, branch }: Promotion): Promise<string[]> {
  const { pushUrl } = await resolveRemote(session.repository, session.git, target.remote);
  const body = `${version.version.tag}, made in commit ${version.version.commit}.`;
  const what = ["--base", target.branch, "--head", branch, "--title", titleOf(version), "--body", body];
  return ["gh", "pr", "create", "--repo", redactUrl(pushUrl), ...what];
}

async function runPullRequest(context: Context, repository: Repository, line: readonly string[]): Promise<string> {
  const out: Buffer[] = [];
  const note = join(repository.gitDir, `mlgit-gh-${uniqueName()}`);
  const { code, reason } = await runUserCommand(line, {
    cwd: repository.workTree ?? repository.gitDir,
    onOutput: (bytes) => out.push(bytes),
    startNote: { file: note, markPrefix: markPrefix() },
    signal: context.signal,
  }).finally(() => rmSync(note, { force: true }));
  const said = Buffer.concat(out).toString("utf8");
  if (code === 0) return said;
  throw new MlgitError(
    "incomplete",
    `the branch is pushed, and gh did not open the pull request: ${said.trim() || (reason ?? `exit ${code}`)}`,
    {
      hint: `try again by hand: ${quoteLine(line)}`,
    },
  );
}

function quoteLine(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}
