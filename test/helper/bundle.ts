import { chmodSync, copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { projectRoot } from "./build.ts";

const nothing = join(projectRoot, "test/fixture/nothing.cjs");

/** Bundles a program of test/fixture into one runnable file in `folder`, with what it needs beside it; returns its absolute path. */
export function bundleFixture(name: string, folder: string): string {
  const target = join(folder, `${name}.mjs`);
  const { outputFiles } = buildSync({
    entryPoints: [join(projectRoot, "test", "fixture", `${name}.ts`)],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    // Has native parts, and no fixture speaks SSH.
    external: ["ssh2"],
    // Large, and no fixture speaks to Azure. As externals they would be looked for at every start.
    alias: { "@azure/storage-blob": nothing, "@azure/identity": nothing },
    banner: { js: "#!/usr/bin/env node" },
  });
  writeFileSync(target, outputFiles[0]!.contents);
  chmodSync(target, 0o755);
  // The package's root is the folder that holds package.json.
  copyFileSync(join(projectRoot, "package.json"), join(folder, "package.json"));
  mkdirSync(join(folder, "hooks"), { recursive: true });
  for (const hook of readdirSync(join(projectRoot, "hooks")))
    copyFileSync(join(projectRoot, "hooks", hook), join(folder, "hooks", hook));
  return target;
}
