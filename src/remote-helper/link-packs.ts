import { constants, copyFileSync, existsSync, linkSync } from "node:fs";
import { basename, join } from "node:path";
import { onDisk } from "../error/disk-error.ts";
import { systemCode } from "../error/mlgit-error.ts";
import { makeFolder, syncFolder } from "../util/durable.ts";

/** Puts pack files, given without their ends, into a repository: links where possible, else copies. The index comes last, since git looks for that. */
export function linkPacks(packs: readonly string[], objects: string): void {
  const folder = join(objects, "pack");
  onDisk("write", folder, () => {
    makeFolder(folder);
    for (const pack of packs)
      for (const end of [".pack", ".rev", ".idx"])
        if (existsSync(pack + end)) linkOrCopy(pack + end, join(folder, basename(pack) + end));
    syncFolder(folder);
  });
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    const code = systemCode(error) ?? "";
    if (code === "EEXIST") return;
    if (!["EXDEV", "EPERM", "EMLINK", "ENOTSUP", "ENOSYS"].includes(code)) throw error;
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
  }
}
