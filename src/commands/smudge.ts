import { type Odd, smudgeContent } from "../filter/smudge.ts";
import { writeAll } from "../git/fd.ts";
import { quotePath } from "../git/quote-path.ts";
import { standardInput } from "./clean.ts";
import type { Command, Context } from "./command.ts";
import { PathWishes } from "./path-wishes.ts";
import { fetchOrExplain } from "./restore-content.ts";
import { Session } from "./session.ts";

/** git's one-shot smudge filter: stdin is a pointer, stdout the bytes. */
export const command: Command = {
  raw: true,
  arguments: [{ name: "[path]", description: "of the file, whose pointer is stdin" }],
  async run(context, args) {
    const session = await Session.open(context);
    try {
      const path = Buffer.from(args.filter((arg) => arg !== "--")[0] ?? "");
      const blob = readAll();
      for (const part of await smudgeOnce(blob, path, session, context)) writeAll(1, [part]);
      return {};
    } finally {
      await session.close();
    }
  },
};

const oddities: Readonly<Record<Odd, string>> = {
  "not-a-pointer": "stored in git itself, not as a pointer",
  "unknown-version": "a pointer of an unknown version",
  "git-lfs": "a pointer of git-lfs, whose data is not here",
};

/** Streams the content of one pointer; what is no pointer passes through. */
export async function smudgeOnce(blob: Buffer, path: Buffer, session: Session, context: Context) {
  const cache = await session.cacheToRead();
  const wishes = await PathWishes.of(session.settings);
  const request = { pathname: path, canDelay: false };
  return await smudgeContent(blob, request, {
    get: (oid) => cache.get(oid),
    fetch: async (pointer) => {
      const error = (await fetchOrExplain([pointer], session, context)).get(pointer.oid);
      if (error) throw error;
    },
    defer: () => {},
    streamed: () => {},
    wants: (one) => wishes.wants(one),
    odd: (one, what) => context.warn(`${quotePath(one)}: ${oddities[what]}`),
  });
}

/** Each part of standardInput is overwritten by the next, so they are copied as they come. */
function readAll(): Buffer {
  const parts: Buffer[] = [];
  for (const part of standardInput()) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}
