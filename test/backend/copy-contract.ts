import { randomBytes } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { wrapBackend } from "../../src/backend/all.ts";
import type { Backend } from "../../src/backend/backend.ts";
import { failure, format, git, names, pack, read } from "./contract.ts";

/** What a backend that copies within its server has to keep. `open` gives places of one server, empty, and one of another server last. */
export function describeCopies(title: string, open: () => Promise<readonly [Backend, Backend, Backend?]>): void {
  describe(`${title} backend copies by itself`, () => {
    it("takes objects over whole, in place of what was there, and leaves the source as it was", async () => {
      const [from, to, other] = await open();
      for (const place of [from, to]) await place.save(format, Buffer.from("{}"));
      const source = from.copyPlace!;
      expect(to.copyPlace).toMatchObject({ server: source.server });
      expect(to.copyPlace?.folder).not.toBe(source.folder);
      if (other) expect(other.copyPlace?.server).not.toBe(source.server);
      for (const [handle, size] of [
        [pack(), 20 << 20],
        [git("odd names/é+%20&?#~!$'()*,;:@[]"), 10],
        [pack(), 0],
      ] as const) {
        const body = randomBytes(size);
        await from.save(handle, body);
        const before = await from.stat(handle);
        const copied = await to.copyFrom!(source, handle);
        expect(copied).toMatchObject({ handle, size });
        expect(copied).toEqual(await to.stat(handle));
        expect((await read(to, handle)).equals(body)).toBe(true);
        expect(await from.stat(handle)).toEqual(before);
      }
      await from.save(git("changing"), Buffer.from("new"));
      await to.save(git("changing"), Buffer.from("an older one"));
      await to.copyFrom!(source, git("changing"));
      expect((await read(to, git("changing"))).toString()).toBe("new");

      const gone = await failure(to.copyFrom!(source, pack()));
      expect(to.isNotFound(gone)).toBe(true);
      expect(await names(to, "pack")).toEqual(await names(from, "pack"));
      const stopped = await failure(to.copyFrom!(source, git("changing"), { signal: AbortSignal.abort() }));
      expect(stopped.kind).toBe("interrupted");
      expect((await failure(tried(() => to.copyFrom!(source, git("../x"))))).kind).toBe("refused");

      const wrapped = wrapBackend(to);
      const last = git("wrapped");
      await from.save(last, randomBytes(1000));
      expect(await wrapped.copyFrom!(wrapBackend(from).copyPlace!, last)).toMatchObject({ size: 1000 });
      expect(wrapped.traffic).toMatchObject({ operations: 1, sent: 0, received: 0 });
      for (const place of [from, to, other]) await place?.close();
    });
  });
}

async function tried<T>(work: () => Promise<T>): Promise<T> {
  return work();
}
