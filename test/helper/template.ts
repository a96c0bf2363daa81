import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runFolder } from "./run-folder.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";

/**
 * Puts into an empty sandbox what `make` leaves in one. That is made once in a test run and copied after that, so the same name must always mean the same.
 * Not for data: copies of files are unknown to git's index and to the cache, which go by inodes.
 */
export async function fillFrom(name: string, box: Sandbox, make: (box: Sandbox) => Promise<void>): Promise<void> {
  const template = runFolder(`template-${name}`);
  if (!existsSync(template)) await makeTemplate(template, make);
  const { root, files } = JSON.parse(readFileSync(join(template, "made.json"), "utf8")) as Made;
  execFileSync("cp", ["-a", `${join(template, "root")}/.`, box.root]);
  for (const file of files)
    writeFileSync(box.path(file), readFileSync(box.path(file), "utf8").replaceAll(root, box.root));
}

interface Made {
  /** Where it was made. */
  readonly root: string;
  /** The files that say so, below it. */
  readonly files: readonly string[];
}

/** Two workers may do it at once: the one that is through first has made it. */
async function makeTemplate(template: string, make: (box: Sandbox) => Promise<void>): Promise<void> {
  const box = createSandbox();
  await make(box);
  const made: Made = { root: box.root, files: filesNaming(box) };
  const folder = mkdtempSync(runFolder("making-"));
  writeFileSync(join(folder, "made.json"), JSON.stringify(made));
  renameSync(box.root, join(folder, "root"));
  try {
    renameSync(folder, template);
  } catch (error) {
    if (!existsSync(template)) throw error;
    rmSync(folder, { recursive: true });
  }
}

function filesNaming({ root }: Sandbox): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name))
    .filter((path) => readFileSync(path).includes(root))
    .map((path) => path.slice(root.length + 1));
}
