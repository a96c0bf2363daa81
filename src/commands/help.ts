import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Kind, kinds, ownKinds } from "../entity/kind.ts";
import { MlgitError, systemCode } from "../error/mlgit-error.ts";
import { packageRoot } from "../util/package-root.ts";
import type { Command } from "./command.ts";

/** Without a name the cli has already printed the overview. */
export const command: Command = {
  arguments: [{ name: "<command>", description: "whose manual to print" }],
  async run(context, [name = ""]) {
    // Not everywhere where a manual is read is a repository.
    await context.repository().catch(() => undefined);
    const text = await manual(name);
    return { text, data: { command: name, text } };
  },
};

/** A declared kind has the commands of datasets, and their manual in its own words. */
async function kindManual({ name, folder }: Kind): Promise<string> {
  const text = await manual("datasets");
  return text.replaceAll("datasets", folder).replaceAll("dataset", name);
}

/** The man page's source, which is made to be read as it is. */
async function manual(name: string): Promise<string> {
  const declared = kinds()
    .slice(ownKinds.length)
    .find((kind) => kind.name === name || kind.folder === name);
  if (declared) return kindManual(declared);
  const page = `git-mlgit-${name.replace(/^(git-)?mlgit-/, "")}.md`;
  try {
    if (!/^[a-z0-9-]+\.md$/.test(page)) throw Object.assign(new Error("no such page"), { code: "ENOENT" });
    return await readFile(join(packageRoot(), "docs/man", page), "utf8");
  } catch (cause) {
    if (systemCode(cause) !== "ENOENT") throw cause;
    throw new MlgitError("usage", `no manual for '${name}'`, { hint: "`git mlgit -h` lists the commands", cause });
  }
}
