import { cleanContent } from "../filter/clean.ts";
import { readSome, writeAll } from "../git/fd.ts";
import type { Command } from "./command.ts";
import { ensureHooks } from "./ensure-hooks.ts";
import { Session } from "./session.ts";

/** git's one-shot clean filter: stdin is the content, stdout its pointer. git uses it only where it cannot talk to `filter-process`. */
export const command: Command = {
  raw: true,
  arguments: [{ name: "[path]", description: "of the file, whose content is stdin" }],
  async run(context) {
    const session = await Session.open(context);
    try {
      await ensureHooks(session, context);
      const cache = await session.cache();
      writeAll(1, [cleanContent(standardInput(), cache.ingest())]);
      return {};
    } finally {
      await session.close();
    }
  },
};

/** Everything on stdin; each view lives until the next. */
export function* standardInput(): Generator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(1 << 20);
  for (;;) {
    const got = readSome(0, buffer, 0);
    if (got === 0) return;
    yield buffer.subarray(0, got);
  }
}
