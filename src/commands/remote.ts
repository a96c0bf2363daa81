import { exitCode } from "../error/exit-code.ts";
import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";
import { defaultRemote, resolveRemote } from "../git/remote.ts";
import { gitIn, type Repository } from "../git/repository.ts";
import { check } from "../remote-helper/check.ts";
import { bytesOf, collect } from "../remote-helper/collect.ts";
import { isRefName } from "../remote-helper/ref-name.ts";
import type { RemoteRepository } from "../remote-helper/remote-repository.ts";
import { restore } from "../remote-helper/restore.ts";
import { encodeRoot, nextRoot, type Root } from "../remote-helper/root.ts";
import { newTransaction, swapRoot } from "../remote-helper/swap-root.ts";
import { counted } from "../util/counted.ts";
import { formatBytes } from "../util/format-bytes.ts";
import type { Action, Command, CommandResult, Context, Options } from "./command.ts";
import { loadGitSettings } from "./git-settings-in.ts";
import { graceOf, graceOption } from "./grace.ts";
import { uploadData } from "./remote-push.ts";
import { openRemote } from "./remote-tools.ts";

const remoteArgument = {
  name: "[remote]",
  description: "a remote's name or URL; default: the current branch's remote",
};

const info: Action = {
  name: "info",
  summary: "Say what the repository in a store consists of",
  arguments: [remoteArgument],
  run: (context, [name]) => withRemote(context, name, (remote) => describe(remote)),
};

const gc: Action = {
  name: "gc",
  summary: "Make one pack of all, and remove what is no longer needed",
  arguments: [remoteArgument],
  options: [graceOption],
  run: (context, [name], options) => withRemote(context, name, (remote) => runGc(remote, options)),
};

const fsck: Action = {
  name: "fsck",
  summary: "Check every pack and ref, and bring back what is lost",
  arguments: [remoteArgument],
  options: [{ flags: "--fix", description: "restore from this clone what is damaged or lost" }],
  run: (context, [name], options) =>
    withRemote(context, name, (remote, wanted) =>
      runFsck(remote, { context, name: wanted, fix: options.fix === true }),
    ),
};

const head: Action = {
  name: "head",
  summary: "Choose the branch that clones check out",
  arguments: [
    { name: "<remote>", description: "a remote's name or URL" },
    { name: "<branch>", description: "a branch that is there" },
  ],
  run: (context, [name, branch = ""]) =>
    withRemote(context, name, async (remote) => {
      const ref = branch.startsWith("refs/") ? branch : `refs/heads/${branch}`;
      await change(remote, (root) => {
        if (!ref.startsWith("refs/heads/") || !root.refs.has(ref))
          throw new MlgitError("usage", `the remote has no branch ${branch}`, { hint: "push it first" });
        return { head: ref };
      });
      return { text: `HEAD is ${ref}`, data: { head: ref } };
    }),
};

const protect: Action = {
  name: "protect",
  summary: "Record that refs may neither be deleted nor rewritten",
  arguments: [
    { name: "<remote>", description: "a remote's name or URL" },
    { name: "[refs...]", description: "branches or full names, * for anything; without any the rules are listed" },
  ],
  options: [{ flags: "--remove", description: "take the rules away" }],
  run: (context, [name, ...refs], options) =>
    withRemote(context, name, (remote) => runProtect(remote, refs, options.remove === true)),
};

/** Looks after the git repository that an `mlgit::` remote is. */
export const command: Command = {
  actions: [info, gc, fsck, head, protect],
  async run() {
    throw new MlgitError("usage", "what about the remote?", {
      hint: "git mlgit remote info|gc|fsck|head|protect [remote]",
    });
  },
};

type Work = (remote: RemoteRepository, name: string) => Promise<CommandResult>;

async function withRemote(context: Context, wanted: string | undefined, work: Work): Promise<CommandResult> {
  const [name, url] = await storeUrl(context, wanted);
  const remote = await openRemote(context, { name, url });
  try {
    return await work(remote, name);
  } finally {
    await remote.backend.close();
  }
}

/** The remote's name and what follows `mlgit::` in its URL. */
async function storeUrl(context: Context, wanted: string | undefined): Promise<[name: string, url: string]> {
  if (wanted?.startsWith("mlgit::")) return [wanted, wanted.slice("mlgit::".length)];
  const repository = await context.repository();
  const git = await loadGitSettings(repository);
  const name = wanted ?? (await defaultRemote(repository, git, "push"));
  if (name === undefined) throw new MlgitError("setup", "there is no remote", { hint: "name one, or its URL" });
  const { pushUrl } = await resolveRemote(repository, git, name);
  if (pushUrl.startsWith("mlgit::")) return [name, pushUrl.slice("mlgit::".length)];
  throw new MlgitError("setup", `${name} is no mlgit:: remote: ${pushUrl}`, {
    hint: "its server looks after it; this command is for repositories in a store",
  });
}

async function describe(remote: RemoteRepository): Promise<CommandResult> {
  const { root } = await remote.readExisting();
  const { refs: scheme } = await remote.marker();
  const retired = root.retired.flatMap(({ packs }) => packs);
  const data = {
    repository: root.repository,
    objectFormat: root.objectFormat,
    scheme,
    generation: root.generation,
    time: root.time,
    head: root.head,
    refs: root.refs.size,
    protected: root.protected,
    packs: root.packs.length,
    bytes: bytesOf(root),
    objects: root.packs.reduce((sum, { objects }) => sum + objects, 0),
    retiredPacks: retired.length,
    retiredBytes: retired.reduce((sum, { size }) => sum + size, 0),
    rootBytes: encodeRoot(root).length,
  };
  const text = [
    `repository ${data.repository} (${data.objectFormat}), generation ${data.generation}, last changed ${data.time}`,
    `HEAD ${data.head}, ${counted(data.refs, "ref")} in a root of ${formatBytes(data.rootBytes)}, replaced by ${scheme}`,
    `${counted(data.packs, "pack")} with ${counted(data.objects, "object")}, ${formatBytes(data.bytes)}`,
    `${counted(data.retiredPacks, "retired pack")}, ${formatBytes(data.retiredBytes)}`,
    ...(root.protected.length > 0 ? [`protected: ${root.protected.join(", ")}`] : []),
  ];
  return { text: text.join("\n"), data };
}

async function runGc(remote: RemoteRepository, options: Options): Promise<CommandResult> {
  const report = await collect(remote, graceOf(options));
  const text = [
    `${counted(report.packsBefore, "pack")}, ${formatBytes(report.bytesBefore)} → ${counted(report.packs, "pack")}, ${formatBytes(report.bytes)}`,
    `${counted(report.removed, "object")}, ${formatBytes(report.removedBytes)}, removed`,
  ];
  return { text: text.join("\n"), data: report };
}

async function runFsck(
  remote: RemoteRepository,
  { context, name, fix }: { readonly context: Context; readonly name: string; readonly fix: boolean },
): Promise<CommandResult> {
  const report = await check(remote);
  const { faults, root, pieces, missingRetired } = report;
  const packs = root?.packs ?? [];
  const objects = packs.reduce((sum, pack) => sum + pack.objects, 0);
  const data = { refs: root?.refs.size ?? 0, packs: packs.length, objects, pieces, faults, missingRetired };
  const seen = [counted(data.refs, "ref"), counted(data.packs, "pack"), counted(objects, "object")].join(", ");
  if (faults.length === 0) return { text: `${seen}: all is well`, data };
  for (const { message } of faults) context.warn(message);
  if (!fix)
    return {
      text: `${counted(faults.length, "fault")}; \`git mlgit remote fsck --fix\` in a clone that is up to date restores what it has`,
      data,
      exitCode: exitCode.corrupt,
    };
  const repository = await context.repository();
  // The same wipe may have taken the data; what is lost for good must not keep the history away as well.
  const sendData = (include: readonly string[]) =>
    uploadData(context, name, { include, exclude: [] }).catch((error) => {
      if (!isMlgitError(error) || error.kind === "interrupted") throw error;
      context.warn(error.message);
    });
  const knownRefs = await trackedRefs(repository, name);
  const restored = await restore(remote, root, { repository, knownRefs, uploadData: sendData });
  const { lost } = restored;
  if (lost.length > 0)
    context.warn(`an older value, or none, since the last one's history is not here: ${lost.slice(0, 20).join(", ")}`);
  return { text: `${counted(restored.refs, "ref")} restored`, data: { ...data, restored } };
}

/** The remote's branches as this clone last saw them, and the tags. */
async function trackedRefs(repository: Repository, name: string): Promise<Map<string, string>> {
  const prefix = `refs/remotes/${name}/`;
  const args = ["for-each-ref", "--format=%(objectname) %(refname)", prefix, "refs/tags/"];
  const { stdout } = await gitIn(repository, args);
  const lines = stdout.toString("utf8").split("\n").filter(Boolean);
  const refs = lines.map((line) => [line.slice(line.indexOf(" ") + 1), line.slice(0, line.indexOf(" "))] as const);
  const renamed = refs.map(
    ([ref, oid]) => [ref.startsWith(prefix) ? `refs/heads/${ref.slice(prefix.length)}` : ref, oid] as const,
  );
  return new Map(renamed.filter(([ref]) => ref !== "refs/heads/HEAD"));
}

async function runProtect(remote: RemoteRepository, refs: readonly string[], remove: boolean): Promise<CommandResult> {
  const rules = refs.map((ref) => (ref.startsWith("refs/") ? ref : `refs/heads/${ref}`));
  const bad = rules.find((rule) => !isRefName(rule.replaceAll("*", "x")));
  if (bad !== undefined) throw new MlgitError("usage", `not a name of refs: ${bad}`);
  let now = (await remote.readExisting()).root.protected;
  if (rules.length > 0)
    await change(remote, (root) => {
      now = remove
        ? root.protected.filter((rule) => !rules.includes(rule))
        : [...new Set([...root.protected, ...rules])].sort();
      return { protected: now };
    });
  return { text: now.length > 0 ? now.join("\n") : "nothing is protected", data: { protected: now } };
}

async function change(remote: RemoteRepository, make: (root: Root) => Partial<Root>): Promise<void> {
  const transaction = newTransaction();
  const first = await remote.readExisting();
  await swapRoot({ place: remote.place, transaction, first }, async (root) => nextRoot(root, transaction, make(root)));
}
