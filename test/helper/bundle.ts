import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { projectRoot } from "./build.ts";

/** Bundles a program of test/fixture into one runnable file in `folder`; returns its absolute path. */
export function bundleFixture(name: string, folder: string): string {
  const target = join(folder, `${name}.mjs`);
  const { outputFiles } = buildSync({
    entryPoints: [join(projectRoot, "test", "fixture", `${name}.ts`)],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    banner: { js: "#!/usr/bin/env node" },
  });
  writeFileSync(target, outputFiles[0]!.contents);
  chmodSync(target, 0o755);
  return target;
}
