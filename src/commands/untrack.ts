import { join } from "node:path";
import { exitCode } from "../error/exit-code.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { removePatterns } from "../git/attribute-edit.ts";
import { editAttributes, readAttributes } from "../git/attribute-file.ts";
import { trackedFiles } from "../git/attributes.ts";
import { whileEditing } from "../git/edit-lock.ts";
import type { Repository } from "../git/repository.ts";
import { counted } from "../util/counted.ts";
import type { Command } from "./command.ts";
import { touchFiles } from "./touch-files.ts";
import { fromBytes, patternOf, toBytes } from "./track-pattern.ts";

export const command = {
  arguments: [{ name: "<pattern...>", description: "as `git mlgit track` lists them" }],
  options: [
    { flags: "--filename", description: "the words are names of files, not patterns" },
    { flags: "-n, --dry-run", description: "say what would be done" },
  ],
  async run(context, args, options) {
    const repository = await context.repository();
    if (repository.workTree === undefined)
      throw new MlgitError("setup", "a bare repository has no .gitattributes", { hint: "run it in a clone" });
    if (args.length === 0) throw new MlgitError("usage", "which pattern?", { hint: "git mlgit track lists them" });
    const path = join(context.cwd, ".gitattributes");
    const literal = options.filename === true;
    const patterns = args.flatMap((word) => [
      ...(literal ? [] : [toBytes(word)]),
      patternOf(word, context.cwd, literal),
    ]);
    const { removed } = removePatterns(readAttributes(path), patterns);
    const dryRun = options.dryRun === true;
    const released = dryRun || removed.length === 0 ? 0 : await release(repository, path, patterns);
    const missing = args.filter(
      (word) => !removed.includes(toBytes(word)) && !removed.includes(patternOf(word, context.cwd, literal)),
    );
    const lines = [
      ...removed.map((pattern) => `${dryRun ? "would no longer track" : "no longer tracking"} ${fromBytes(pattern)}`),
      ...missing.map((word) => `not in ${path}: ${word}`),
      ...(released > 0
        ? [
            `${counted(released, "file of this pattern is a pointer", "files of this pattern are pointers")} in git: \`git add -u\` puts ${released === 1 ? "its" : "their"} bytes into git itself`,
          ]
        : []),
    ];
    return {
      text: lines.join("\n"),
      data: { removed: removed.map(fromBytes), missing, released, dryRun },
      exitCode: missing.length === 0 ? exitCode.ok : exitCode.incomplete,
    };
  },
} satisfies Command;

/** Edits the file, and makes git look again at the files that were tracked before and are not any more. Returns their number. */
async function release(repository: Repository, path: string, patterns: readonly string[]): Promise<number> {
  const before = await trackedPaths(repository);
  await whileEditing(repository, () => editAttributes(path, (text) => removePatterns(text, patterns).text));
  for (const key of (await trackedPaths(repository)).keys()) before.delete(key);
  return touchFiles(repository, [...before.values()]);
}

async function trackedPaths(repository: Repository): Promise<Map<string, Buffer>> {
  const paths = new Map<string, Buffer>();
  for await (const { path } of trackedFiles(repository)) paths.set(path.toString("latin1"), Buffer.from(path));
  return paths;
}
