import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { UploadMemory } from "../../backend/backend.ts";
import { writeDurable } from "../../util/durable.ts";

/** What a backend says about an upload under way, in a file that outlives the process. `id` stands for the bytes and the place they go to. */
export function uploadMemory(folder: string, id: string): UploadMemory & { forget(): void } {
  const file = join(folder, createHash("sha256").update(id).digest("hex"));
  return {
    recall() {
      try {
        return readFileSync(file, "utf8");
      } catch {
        return undefined;
      }
    },
    note(state) {
      mkdirSync(folder, { recursive: true });
      writeDurable(file, state);
    },
    forget: () => rmSync(file, { force: true }),
  };
}
