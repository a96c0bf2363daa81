import { lstatSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import type { Entry, ZipFile } from "yauzl";
import { MlgitError } from "../../../error/mlgit-error.ts";
import { formatBytes } from "../../../util/format-bytes.ts";

export async function openZip(archive: string): Promise<ZipFile> {
  const { default: yauzl } = await import("yauzl");
  return new Promise((resolve, reject) => {
    const options = { lazyEntries: true, autoClose: false, strictFileNames: true, validateEntrySize: true };
    yauzl.open(archive, options, (error, zip) => (error ? reject(damaged(archive, error)) : resolve(zip)));
  });
}

/** One entry at a time: the next is asked for when the one before is unpacked. */
export async function* entries(zip: ZipFile, archive: string): AsyncGenerator<Entry> {
  for (;;) {
    const entry = await new Promise<Entry | undefined>((resolve, reject) => {
      const done = (work: () => void) => {
        zip.removeAllListeners();
        work();
      };
      zip.once("entry", (one: Entry) => done(() => resolve(one)));
      zip.once("end", () => done(() => resolve(undefined)));
      // Absolute names and those that lead upwards end here, too.
      zip.once("error", (error: Error) => done(() => reject(damaged(archive, error))));
      zip.readEntry();
    });
    if (!entry) return;
    yield entry;
  }
}

/** What the whole archive says of itself, before anything of it is written; that an entry is no longer than it says is seen later. */
export async function assertModest(archive: string): Promise<void> {
  const zip = await openZip(archive);
  let size = 0;
  try {
    for await (const entry of entries(zip, archive)) size += entry.uncompressedSize;
  } finally {
    zip.close();
  }
  const { size: packed } = lstatSync(archive);
  if (size > mostOf(packed))
    throw new MlgitError("refused", `${archive} has ${formatBytes(packed)} and would become ${formatBytes(size)}`, {
      path: archive,
      hint: "if that is meant: unpack it yourself, and use --import=<folder>",
    });
  const { bavail, bsize } = statfsSync(dirname(archive));
  if (size > bavail * bsize)
    throw new MlgitError("disk", `${archive} would become ${formatBytes(size)}, and there is not so much room`, {
      path: archive,
      hint: "free some space and run the same command again",
    });
}

/** Data seldom gets smaller than a hundredth; what is made to fill a disk is a thousandth and less. */
function mostOf(packed: number): number {
  return Math.max(100 << 20, 200 * packed);
}

export function damaged(archive: string, cause: Error): MlgitError {
  return new MlgitError("corrupt", `${archive} cannot be unpacked: ${cause.message}`, {
    path: archive,
    hint: "download it again, or unpack it yourself and use --import=<folder>",
    cause,
  });
}
