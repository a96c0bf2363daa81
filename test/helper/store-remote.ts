import { appendFileSync } from "node:fs";
import { createSandbox, type RunOptions, type Sandbox } from "./sandbox.ts";

export interface StoreRemote extends Sandbox {
  /** `mlgit::file://…`, whose folder is made by the first push. */
  readonly url: string;
  /** A repository with `*.bin` tracked, `origin` set, and one commit with a file of 3 MB. */
  first(name: string, ...initOptions: string[]): Promise<string>;
  clone(name: string, ...options: string[]): Promise<string>;
  /** Runs git in a repository below the root; returns what it prints. */
  in(name: string, ...args: string[]): Promise<string>;
  /** The same for a git that may fail. */
  attempt(name: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }>;
  /** Writes a file, commits it, returns the commit. */
  commit(name: string, path: string, content: string | Uint8Array): Promise<string>;
}

/** A sandbox with the filter set up for all its repositories and a place for a repository in a store. */
export function createStoreRemote(
  options: { readonly url?: string; readonly env?: RunOptions["env"] } = {},
): StoreRemote {
  const box = createSandbox();
  const env = { ...options.env };
  const url = options.url ?? `mlgit::file://${box.path("bucket/project")}`;
  box.write("bucket/.keep", "");
  appendFileSync(
    box.path("home/.gitconfig"),
    '[filter "mlgit"]\n\tprocess = git mlgit filter-process\n\trequired = true\n[protocol "file"]\n\tallow = always\n',
  );
  const run = (name: string, args: readonly string[], code?: "any") =>
    box.git(args, { cwd: box.path(name), env, ...(code ? { code } : {}) });
  const remote: StoreRemote = {
    ...box,
    url,
    git: (args, more) => box.git(args, { ...more, env: { ...env, ...more?.env } }),
    in: async (name, ...args) => (await run(name, args)).stdout.trim(),
    attempt: (name, ...args) => run(name, args, "any"),
    async first(name, ...initOptions) {
      const path = await box.init(name, ...initOptions);
      box.write(`${name}/.gitattributes`, "*.bin filter=mlgit -text\n");
      await remote.commit(name, "data.bin", Buffer.alloc(3_000_000, `bytes of ${name} `));
      await remote.in(name, "remote", "add", "origin", url);
      return path;
    },
    async clone(name, ...more) {
      await box.git(["clone", "-q", ...more, url, box.path(name)], { env });
      return box.path(name);
    },
    async commit(name, path, content) {
      box.write(`${name}/${path}`, content);
      await remote.in(name, "add", "-A");
      await remote.in(name, "commit", "-qm", `${name}: ${path}`);
      return remote.in(name, "rev-parse", "HEAD");
    },
  };
  return remote;
}
