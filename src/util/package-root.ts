import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { modulePath } from "./module-path.ts";

/** The folder that holds package.json, docs and hooks: the same from sources, from the bundle and when installed. */
export function packageRoot(): string {
  root ??= findRoot();
  return root;
}

let root: string | undefined;

function findRoot(): string {
  let folder = dirname(modulePath(import.meta.url));
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}
