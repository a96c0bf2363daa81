import { lstatSync } from "node:fs";
import { join } from "node:path";
import { exitCode } from "../error/exit-code.ts";
import { blobOid } from "../git/blob-pack.ts";
import { type StampEntry, stampIndex } from "../git/index-stamp.ts";
import { quotePath } from "../git/quote-path.ts";
import { PlaceBatch } from "../hydrate/place-batch.ts";
import { protectFile } from "../hydrate/protect-file.ts";
import { formatPointer } from "../pointer/pointer.ts";
import { counted } from "../util/counted.ts";
import { hashFile } from "../util/hash-file.ts";
import type { Command } from "./command.ts";
import { type GovernedFile, governedFiles } from "./governed-files.ts";
import { UnlockRecord } from "./unlock-record.ts";

/** Takes an unlock back: the files are read-only again. */
export const command = {
  arguments: [{ name: "<paths...>", description: "files or folders of a strict or flexible entity" }],
  async run(context, paths) {
    const { repository, files } = await governedFiles(context, paths);
    const record = new UnlockRecord(repository);
    const batch = new PlaceBatch(repository.workTree, repository.gitDir);
    const stamps: StampEntry[] = [];
    const changed: string[] = [];
    for (const file of files.filter(({ mutability }) => mutability !== "mutable")) {
      const size = holds(join(repository.workTree, "/"), file, (pointer) => blobOid(repository, pointer));
      if (size === undefined) {
        changed.push(quotePath(file.path));
        continue;
      }
      record.lock(file.path.toString("latin1"), file.blob);
      const stat = protectFile(batch, file.path, size);
      if (stat) stamps.push({ path: file.path, blob: file.blob, stat });
    }
    await stampIndex(repository, stamps);
    for (const path of changed)
      context.warn(`${path} is not what git has for it and stays unlocked; commit it, or git restore -- ${path}`);
    return {
      text: `${counted(stamps.length, "file is", "files are")} locked`,
      data: { locked: stamps.map(({ path }) => quotePath(path)), changed },
      exitCode: changed.length > 0 ? exitCode.incomplete : exitCode.ok,
    };
  },
} satisfies Command;

/** The size of a worktree file that holds exactly what the index has for it; undefined otherwise, and for what is no plain file. */
function holds(top: string, file: GovernedFile, blobOf: (pointer: Buffer) => string): number | undefined {
  const path = Buffer.concat([Buffer.from(top), file.path]);
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat?.isFile()) return undefined;
  const pointer = formatPointer({ oid: hashFile(path), size: stat.size });
  return blobOf(pointer) === file.blob ? stat.size : undefined;
}
