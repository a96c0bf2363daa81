import { lstatSync, readFileSync, readlinkSync } from "node:fs";
import { type CatFile, openCatFile } from "../../git/cat-file.ts";
import { cwdOf, type Repository } from "../../git/repository.ts";
import type { FolderEntry, SwitchGuard } from "../../git/switch-tree.ts";
import { statIfHolding } from "../../hydrate/holds-content.ts";
import { PathGuard } from "../../hydrate/path-guard.ts";
import { parsePointer, pointerLimit } from "../../pointer/pointer.ts";

/** A guard that has a git running: close it. */
export interface WorktreeGuard extends SwitchGuard {
  close(): Promise<void>;
}

/** Compares files of the worktree with what git has: byte for byte, or a tracked file's bytes with its pointer. Follows no link. */
export function worktreeGuard(repository: Repository): WorktreeGuard {
  const paths = new PathGuard(cwdOf(repository));
  let cat: Promise<CatFile> | undefined;
  const contentOf = async ({ blob }: FolderEntry) => {
    cat ??= openCatFile(repository);
    return Buffer.from((await (await cat).contents([blob]))[0]?.bytes ?? []);
  };
  return {
    close: async () => (await cat)?.close(),
    async holds(path, entry) {
      const target = paths.resolve(path, false);
      if (typeof target === "string") return false;
      const stat = lstatSync(target.file, { throwIfNoEntry: false });
      if (!stat) return false;
      const content = await contentOf(entry);
      if (stat.isSymbolicLink())
        return entry.mode === "120000" && content.equals(readlinkSync(target.file, { encoding: "buffer" }));
      if (!stat.isFile() || entry.mode === "120000") return false;
      if (stat.size === content.length && readFileSync(target.file).equals(content)) return true;
      const pointer = content.length < pointerLimit ? parsePointer(content) : undefined;
      return pointer !== undefined && statIfHolding(target.file, pointer) !== undefined;
    },
  };
}
