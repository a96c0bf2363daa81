import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { type Codec, codec as codecs, loadCodec } from "../../src/chunk/codec.ts";
import { FrameCrew } from "../../src/chunk/frame-crew.ts";
import { randomBytesOf, randomOf } from "../helper/random.ts";

const codec = await loadCodec();
const crew = start(codec);
afterAll(() => crew.stop());

function start(mine: Codec): FrameCrew {
  const started = FrameCrew.start(mine);
  if (!started) throw new Error("needs two cores, and npm run build");
  return started;
}

const next = randomOf(11);
const text = Buffer.from(Array.from({ length: 60_000 }, (_, i) => `${i},${next() % 1000},row\n`).join(""));
const noise = randomBytesOf(4, 400_000);

/** A chunk of this length, of text or of what cannot be compressed. */
function chunk(): Uint8Array {
  const length = 1 + (next() % 196_608);
  const source = next() % 3 === 0 ? noise : text;
  const at = next() % (source.length - length);
  return source.subarray(at, at + length);
}

const copied = (list: readonly { readonly codec: number; readonly bytes: Uint8Array }[]) =>
  list.map(({ codec: number, bytes }) => [number, Buffer.from(bytes).toString("latin1")]);

describe("chunks that are compressed on all cores", () => {
  it("become the very frames that the codec makes of them, list after list", () => {
    for (let round = 0; round < 150; round++) {
      const list = Array.from({ length: 1 + (next() % 10) }, chunk);
      const frames = crew.compress(list) ?? [];
      const mine = list.map((plain) => copied([codec.compress(plain)])[0]);
      expect(copied(frames)).toEqual(mine);
    }
  });

  it("stay as they are where that is no smaller", () => {
    const plain = noise.subarray(0, 65_536);
    expect(crew.compress([plain, text.subarray(0, 65_536)])).toMatchObject([
      { codec: codecs.raw, bytes: plain },
      { codec: codecs.zstd },
    ]);
  });

  it("are left to whoever asks where they are too many at once", () => {
    expect(crew.compress(Array.from({ length: 5 }, () => new Uint8Array(1 << 19)))).toBeUndefined();
    expect(crew.compress(Array.from({ length: 1024 }, () => new Uint8Array(1)))).toBeUndefined();
    expect(crew.compress([])).toEqual([]);
  });

  it("are left to whoever asks once a thread is lost", async () => {
    const lost = start(codec);
    expect(lost.compress([text.subarray(0, 100_000)])).toHaveLength(1);
    await lost.stop();
    expect(lost.compress([text.subarray(0, 100_000)])).toBeUndefined();
  });

  it("are left to whoever asks when a thread dies in the middle of one", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mlgit-frame-crew-"));
    const script = join(folder, "dies.cjs");
    const taken = join(folder, "taken");
    // As a thread takes a task; see frame-tasks.ts.
    writeFileSync(
      script,
      `const { turn } = require("node:worker_threads").workerData;
       for (let now; ; Atomics.wait(turn, 0, now)) {
         now = Atomics.load(turn, 0);
         if ((now & 1023) < ((now >>> 10) & 1023) && Atomics.compareExchange(turn, 0, now, now + 1) === now) break;
       }
       require("node:fs").writeFileSync(${JSON.stringify(taken)}, "");
       throw new Error("a thread that dies");`,
    );
    /** Leaves the thread the time to take a task. */
    const patient: Codec = {
      ...codec,
      compress(plain) {
        while (!existsSync(taken)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
        return codec.compress(plain);
      },
    };
    const dying = FrameCrew.start(patient, { script, patienceMs: 20 });
    const list = Array.from({ length: 9 }, () => text.subarray(0, 50_000));
    expect(dying?.compress(list)).toBeUndefined();
    expect(dying?.compress(list)).toBeUndefined();
    await dying?.stop();
    rmSync(folder, { recursive: true });
  });
});
