import { resolve } from "node:path";
import { onDisk } from "../error/disk-error.ts";
import { MlgitError, systemCode } from "../error/mlgit-error.ts";
import { writeDurable } from "../util/durable.ts";
import type { Context } from "./command.ts";

/**
 * Writes a file that the user named, whole or not at all; returns its absolute path.
 * @throws MlgitError kind `usage` for a name that no file can have, `disk` and `denied` for what the system says.
 */
export function writeOutput(context: Context, name: string, text: string): string {
  const file = resolve(context.cwd, name);
  try {
    onDisk("write", file, () => writeDurable(file, text));
  } catch (error) {
    const code = systemCode(error) ?? "";
    if (!["ENOENT", "ENOTDIR", "EISDIR", "ENAMETOOLONG"].includes(code)) throw error;
    throw new MlgitError("usage", `${file} cannot be written: ${(error as Error).message}`, {
      path: file,
      hint: "name a file in a folder that is there",
      cause: error,
    });
  }
  return file;
}
