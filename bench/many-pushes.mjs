// Thousands of pushes to a repository in a store, by the same code as `git push`, without starting a program for each.

import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const parts = `
export { openBackend } from "./src/backend/all.ts";
export { History } from "./src/git/history.ts";
export { findRepository } from "./src/git/repository.ts";
export { compactPacks } from "./src/remote-helper/compact.ts";
export { Push } from "./src/remote-helper/push.ts";
export { RemoteRepository } from "./src/remote-helper/remote-repository.ts";
`;

/** Pushes each of the commits to `main` in turn. `folder`: where mirrors lie. */
export async function pushMany({ repository, url, folder, commits, place = {} }) {
  const outfile = join(folder, "pushes.mjs");
  const options = { bundle: true, format: "esm", platform: "node", external: ["ssh2", "@napi-rs/blake-hash"] };
  const banner = { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" };
  await build({ ...options, banner, stdin: { contents: parts, resolveDir: root, loader: "ts" }, outfile });
  const mlgit = await import(pathToFileURL(outfile).href);
  const backend = await mlgit.openBackend({ url, ...place });
  const remote = new mlgit.RemoteRepository({ backend, url, folder });
  const history = await mlgit.History.open(await mlgit.findRepository(repository));
  const push = {
    atomic: false,
    dryRun: false,
    leases: new Map(),
    localHead: "refs/heads/main",
    uploadData: async () => {},
    checkRules: async () => {},
    compact: (now) => mlgit.compactPacks(now, remote),
  };
  let listed = await remote.readOrCreate("sha1");
  for (const oid of commits) {
    // By force, which spares a question to git about ancestry each time.
    const request = { source: oid, target: "refs/heads/main", force: true };
    const outcome = await new mlgit.Push(remote, history, push).run([request], listed);
    const why = outcome.get(request.target);
    if (why !== undefined) throw new Error(`push of ${oid}: ${why}`);
    listed = await remote.readExisting();
  }
  history.close();
  await backend.close();
}
