import { lstatSync } from "node:fs";
import { join } from "node:path";
import { MlgitError } from "../error/mlgit-error.ts";
import { addPatterns, trackedPatterns } from "../git/attribute-edit.ts";
import { editAttributes, readAttributes } from "../git/attribute-file.ts";
import { literalPattern } from "../git/attribute-line.ts";
import { areTracked } from "../git/check-attributes.ts";
import { whileEditing } from "../git/edit-lock.ts";
import type { Repository } from "../git/repository.ts";
import { gitText } from "../git/run.ts";
import { listWorktree } from "../git/worktree-list.ts";
import { counted } from "../util/counted.ts";
import { parseSize } from "../util/parse-size.ts";
import type { Command, Context, Options } from "./command.ts";
import { findOtherFiles } from "./raw-files.ts";
import { touchFiles } from "./touch-files.ts";
import { fromBytes, guardsFor, patternOf } from "./track-pattern.ts";

export const command = {
  arguments: [
    { name: "[pattern...]", description: "gitignore-like patterns or folders; none to list what is tracked" },
  ],
  options: [
    { flags: "--above <size>", description: "the files larger than this that are not tracked yet, by their names" },
    { flags: "--filename", description: "the words are names of files, not patterns" },
    { flags: "-n, --dry-run", description: "say what would be done" },
  ],
  async run(context, args, options) {
    const repository = await context.repository();
    if (repository.workTree === undefined)
      throw new MlgitError("setup", "a bare repository has no .gitattributes", { hint: "run it in a clone" });
    if (args.length === 0 && options.above === undefined) return list(repository.workTree);
    const wanted = args.map((word) => patternOf(word, context.cwd, options.filename === true));
    if (options.above !== undefined) wanted.push(...(await largeFiles(context.cwd, repository, options)));
    return add(context, repository, { patterns: [...new Set(wanted)], dryRun: options.dryRun === true });
  },
} satisfies Command;

interface Addition {
  readonly patterns: readonly string[];
  readonly dryRun: boolean;
}

async function add(context: Context, repository: Repository, { patterns, dryRun }: Addition) {
  const path = join(context.cwd, ".gitattributes");
  const known = new Set(trackedPatterns(readAttributes(path)).map(({ pattern }) => pattern));
  const added = patterns.filter((pattern) => !known.has(pattern));
  const guards = added.length === 0 ? [] : await guardsFor(repository, added);
  if (!dryRun && added.length > 0)
    await whileEditing(repository, () => editAttributes(path, (text) => addPatterns(text, patterns, guards)));
  const raw = dryRun || added.length === 0 ? [] : (await findOtherFiles(repository)).raw;
  const touched = touchFiles(
    repository,
    raw.map((file) => file.path),
  );
  if (!dryRun) await warnWithoutFilter(context);
  const lines = [
    ...added.map((pattern) => `${dryRun ? "would track" : "tracking"} ${fromBytes(pattern)}`),
    ...patterns.filter((pattern) => known.has(pattern)).map((pattern) => `already tracked: ${fromBytes(pattern)}`),
    ...guards.map((guard) => `left out, since git and mlgit must read them: ${guard}`),
    ...(touched > 0
      ? [
          counted(
            touched,
            "file that git holds as it is matches: `git add -u` turns it into a pointer",
            "files that git holds as they are match: `git add -u` turns them into pointers",
          ),
        ]
      : []),
    ...(patterns.length === 0 ? ["nothing to track"] : []),
  ];
  const names = (list: readonly string[]) => list.map(fromBytes);
  return {
    text: lines.join("\n"),
    data: { added: names(added), present: names(patterns.filter((one) => known.has(one))), guards, touched, dryRun },
  };
}

/** With the attribute but without the filter, git would quietly commit the bytes themselves. */
async function warnWithoutFilter(context: Context): Promise<void> {
  if ((await gitText(["config", "--get", "filter.mlgit.process"], { cwd: context.cwd })) === undefined)
    context.warn("git does not know mlgit's filter here yet, and would commit raw bytes; run: git mlgit init");
}

async function largeFiles(cwd: string, repository: Repository, options: Options): Promise<string[]> {
  const limit = parseSize(String(options.above));
  if (limit === undefined)
    throw new MlgitError("usage", `--above ${JSON.stringify(options.above)} is no size`, {
      hint: "such as 10MB or 512KiB",
    });
  const large: Buffer[] = [];
  for await (const path of listWorktree(cwd)) {
    const stat = lstatSync(Buffer.concat([Buffer.from(`${cwd}/`), path]), { throwIfNoEntry: false });
    if (stat?.isFile() && stat.size > limit) large.push(path);
  }
  const prefix = Buffer.from(repository.prefix);
  const tracked = await areTracked(
    repository,
    large.map((path) => Buffer.concat([prefix, path])),
  );
  const names = large.filter((_, i) => !tracked[i]).map((path) => path.toString("latin1"));
  // .gitattributes and its like stay readable, however large.
  return names.filter((name) => !/(^|\/)\.git[^/]*$|^\.mlgit\/|\.spec$/.test(name)).map(literalPattern);
}

async function list(top: string) {
  const found: { pattern: string; source: string; line: number }[] = [];
  const sources = new Set<string>();
  for await (const path of listWorktree(top, [":(top,glob)**/.gitattributes"])) sources.add(path.toString("utf8"));
  for (const source of [...sources].sort())
    for (const { pattern, line } of trackedPatterns(readAttributes(join(top, source))))
      found.push({ pattern: fromBytes(pattern), source, line });
  const text = found.map(({ pattern, source }) => `${pattern} (${source})`).join("\n");
  return { text: text || "nothing is tracked yet; begin with: git mlgit track '*.bin'", data: { patterns: found } };
}
