import { isMlgitError, type MlgitError } from "../error/mlgit-error.ts";
import { type Change, stagedChanges, verifyCommit, worktreeEdits } from "../git/changes.ts";
import { areTracked } from "../git/check-attributes.ts";
import { quotePath } from "../git/quote-path.ts";
import { hidePasswords } from "../log/redact.ts";
import { counted } from "../util/counted.ts";
import { formatBytes } from "../util/format-bytes.ts";
import { contentsOf } from "./collect-contents.ts";
import type { Command } from "./command.ts";
import { holdsPointer } from "./hydrate.ts";
import { Session } from "./session.ts";
import { eachIndexFiles, type TrackedFile } from "./tracked-files.ts";

/** What a person wants to know of the data: what is changed, what is only a pointer here, what no remote has. */
export const command = {
  async run(context) {
    const session = await Session.open(context);
    try {
      const { store, why } = await storeOf(session);
      const data = { store, ...(await gather(session)) };
      return { text: describe(data, why), data };
    } finally {
      await session.close();
    }
  },
} satisfies Command;

interface StatusData {
  readonly store: { readonly name: string; readonly url: string } | null;
  readonly files: number;
  readonly bytes: number;
  readonly staged: readonly ChangedPath[];
  readonly unstaged: readonly ChangedPath[];
  readonly dehydrated: readonly {
    readonly path: string;
    readonly oid: string;
    readonly size: number;
    readonly cached: boolean;
  }[];
  readonly unpushed: { readonly files: number; readonly bytes: number };
}

interface ChangedPath {
  readonly path: string;
  readonly change: string;
}

async function gather(session: Session): Promise<Omit<StatusData, "store">> {
  const { repository } = session;
  const { workTree } = session.workTree;
  const cache = await session.cacheToRead();
  const sum = { files: 0, bytes: 0 };
  const dehydrated: TrackedFile[] = [];
  for await (const files of eachIndexFiles(repository)) {
    sum.files += files.length;
    for (const file of files) {
      sum.bytes += file.size;
      if (holdsPointer(workTree, file)) dehydrated.push(file);
    }
  }
  return {
    ...sum,
    staged: await trackedOnly(session, await stagedChanges(repository)),
    unstaged: await trackedOnly(session, await worktreeEdits(repository)),
    dehydrated: dehydrated.map((file) => ({
      path: quotePath(file.path),
      oid: file.oid,
      size: file.size,
      cached: cache.has(file.oid),
    })),
    unpushed: await unpushed(session),
  };
}

/** Where there is none: `why`. */
async function storeOf(session: Session): Promise<Pick<StatusData, "store"> & { readonly why?: MlgitError }> {
  try {
    const { name, url } = await session.storeSettings(undefined, "push");
    return { store: { name, url: hidePasswords(url) } };
  } catch (error) {
    if (isMlgitError(error) && error.kind === "setup") return { store: null, why: error };
    throw error;
  }
}

const words: Readonly<Record<string, string>> = {
  A: "new",
  D: "deleted",
  M: "modified",
  T: "type changed",
  U: "unmerged",
};

async function trackedOnly(session: Session, changes: readonly Change[]): Promise<ChangedPath[]> {
  const tracked = await areTracked(
    session.repository,
    changes.map((change) => change.path),
  );
  return changes
    .filter((_, i) => tracked[i])
    .map((change) => ({ path: quotePath(change.path), change: words[change.status] ?? change.status }));
}

/** Contents that HEAD needs and no tracking branch does. */
async function unpushed(session: Session): Promise<StatusData["unpushed"]> {
  if ((await verifyCommit(session.repository, "HEAD")) === undefined) return { files: 0, bytes: 0 };
  const range = { include: ["HEAD"], exclude: ["--remotes"] };
  const contents = await contentsOf(session.repository, range, "leave-out");
  return { files: contents.size, bytes: contents.bytes };
}

function describe(data: StatusData, why: MlgitError | undefined): string {
  const store = data.store ? `${data.store.name} (${data.store.url})` : `none: ${why?.message}\n  ${why?.hint}`;
  const lines = [`Store: ${store}`, `Tracked: ${counted(data.files, "file")}, ${formatBytes(data.bytes)}`];
  if (data.unpushed.files > 0)
    lines.push(`Not pushed: ${counted(data.unpushed.files, "file")}, ${formatBytes(data.unpushed.bytes)}`);
  lines.push(...section("Staged:", data.staged), ...section("Not staged:", data.unstaged));
  if (data.dehydrated.length > 0) {
    lines.push("", `Only pointers here (git mlgit hydrate): ${counted(data.dehydrated.length, "file")}`);
    for (const file of data.dehydrated.slice(0, 50))
      lines.push(`  ${file.path} (${formatBytes(file.size)}${file.cached ? ", in the cache" : ""})`);
    if (data.dehydrated.length > 50) lines.push(`  … and ${data.dehydrated.length - 50} more`);
  }
  return lines.join("\n");
}

function section(title: string, changes: readonly ChangedPath[]): string[] {
  return changes.length === 0 ? [] : ["", title, ...changes.map(({ path, change }) => `  ${change}: ${path}`)];
}
