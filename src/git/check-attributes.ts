import { MlgitError } from "../error/mlgit-error.ts";
import { startGit, writeTo } from "./process.ts";
import { cwdOf, type Repository } from "./repository.ts";

/** A long-lived `git check-attr`: which value of one attribute paths have. */
export interface AttributeCheck {
  /**
   * The value for each path (raw bytes, relative to the top), in the order asked; `unspecified` where there is none.
   * Questions must not overlap: await each before the next.
   */
  ask(paths: readonly Buffer[]): Promise<string[]>;
  /** Ends it. Safe to call twice, and after an error. */
  close(): void;
}

export interface CheckOptions {
  /** Of the attribute; `filter` if absent. */
  readonly name?: string;
  /** By the index alone, and not by the worktree. Always so in a bare repository. */
  readonly cached?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Starts one, by the attributes of the worktree and the index. */
export function openAttributeCheck(repository: Repository, options: CheckOptions = {}): AttributeCheck {
  const { name = "filter", cached = repository.workTree === undefined, cwd = cwdOf(repository), env = {} } = options;
  const args = ["check-attr", "--stdin", "-z", ...(cached ? ["--cached"] : []), name];
  const git = startGit(args, { cwd, env });
  const chunks = git.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const read = async (fields: number): Promise<string[]> => {
    const parts: Buffer[] = [];
    for (let found = 0; found < fields; ) {
      const { value, done } = await chunks.next();
      if (done) return endedEarly(git.done);
      parts.push(value);
      found += countNuls(value);
    }
    return Buffer.concat(parts).toString("latin1").split("\0");
  };
  return {
    async ask(paths) {
      if (paths.length === 0) return [];
      // git answers each path at once, so it has to be listened to while it is asked. `<path> NUL <name> NUL <value> NUL`, in the order asked.
      const asked = writeTo(git, Buffer.concat(paths.flatMap((path) => [path, nul])));
      const [fields] = await Promise.all([read(3 * paths.length), asked]);
      return paths.map((_, i) => fields[3 * i + 2] ?? "");
    },
    close: () => git.stop(),
  };
}

/** For each path whether it has the attribute `filter=mlgit`. One process for all. */
export async function areTracked(repository: Repository, paths: readonly Buffer[]): Promise<boolean[]> {
  return (await attributeOf(repository, paths)).map((filter) => filter === "mlgit");
}

/** What an AttributeCheck says of some paths. */
export async function attributeOf(
  repository: Repository,
  paths: readonly Buffer[],
  options: CheckOptions = {},
): Promise<string[]> {
  if (paths.length === 0) return [];
  const check = openAttributeCheck(repository, options);
  try {
    return await check.ask(paths);
  } finally {
    check.close();
  }
}

const nul = Buffer.of(0);

function countNuls(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(0); at >= 0; at = bytes.indexOf(0, at + 1)) count++;
  return count;
}

async function endedEarly(done: Promise<void>): Promise<never> {
  await done;
  throw new MlgitError("interrupted", "git check-attr ended before it answered");
}
