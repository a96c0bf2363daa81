import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  closeSync,
  existsSync,
  linkSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { loadChunkHash } from "../../src/chunk/chunk-hash.ts";
import { cutsOf } from "../../src/chunk/gear.ts";
import { CutAhead } from "../../src/transfer/cut-ahead.ts";
import { mountLoopDisk } from "../helper/loop-disk.ts";
import { oidOf } from "../helper/pointer-of.ts";
import { randomBytesOf } from "../helper/random.ts";

const hash = await loadChunkHash();
const root = mkdtempSync(join(tmpdir(), "mlgit-ahead-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** One larger than all regions that are read ahead, and some that are less than one. */
const contents = [30_000_000, 1_500_000, 4 << 20, 1_048_576, 9_000_001].map((length, i) => randomBytesOf(i, length));
const files = contents.map((bytes, i) => ({ oid: oidOf(bytes), size: bytes.length, path: join(root, `${i}`), bytes }));
const paths = new Map(files.map(({ oid, path }) => [oid, path]));
const [large, ...others] = files as [(typeof files)[0], ...typeof files];

beforeAll(() => {
  for (const { path, bytes } of files) writeFileSync(path, bytes);
});

function start(pathOf = (oid: string) => paths.get(oid), least = 32 << 20): CutAhead {
  return new CutAhead(files, pathOf, least);
}

async function endsOf(ahead: CutAhead, { oid, path, bytes }: (typeof files)[0]) {
  const ends: number[] = [];
  let sum = 0;
  for await (const chunks of ahead.chunks(oid, path)) {
    // Whoever looks at the last of a list may still want the first.
    for (const { plain } of chunks) ends.push((ends.at(-1) ?? 0) + plain.length);
    for (const { plain, id } of chunks) if (id) expect(hash(plain).equals(id)).toBe(true);
    const all = Buffer.concat(chunks.map(({ plain }) => plain));
    expect(bytes.subarray(sum, sum + all.length).equals(all)).toBe(true);
    sum += all.length;
  }
  return ends;
}

/** As `cp -p` and `rsync --times --inplace` do. */
function changeAndSetBack(path: string): void {
  const { mtimeNs } = statSync(path, { bigint: true });
  const fd = openSync(path, "r+");
  writeSync(fd, "damaged", 20_000_000);
  closeSync(fd);
  execFileSync("touch", ["-d", `@${mtimeNs / 1_000_000_000n}.${`${mtimeNs % 1_000_000_000n}`.padStart(9, "0")}`, path]);
  expect(statSync(path, { bigint: true })).toMatchObject({ mtimeNs });
}

describe("chunks whose ends threads find ahead", () => {
  it("are those of each file, in the order in which they are asked for", async () => {
    const ahead = start();
    try {
      for (const file of files) expect(await endsOf(ahead, file)).toEqual(cutsOf(file.bytes));
    } finally {
      await ahead.stop();
    }
  });

  it("wait for files that must not be read yet, and pass over what is not asked for", async () => {
    const ahead = start((oid) => (oid === others[0]!.oid ? undefined : paths.get(oid)));
    try {
      for (const file of [large, others[0]!, others[2]!, others[3]!])
        expect(await endsOf(ahead, file)).toEqual(cutsOf(file.bytes));
    } finally {
      await ahead.stop();
    }
  });

  it("name the file that a disk does not give", async () => {
    const folder = join(root, "disk");
    const disk = mountLoopDisk(folder, "ext4", 32);
    if (!disk) return;
    const path = join(folder, "file");
    const ahead = start();
    try {
      // Past the page cache, which would give it once more.
      execFileSync("dd", [`if=${others[2]!.path}`, `of=${path}`, "bs=1M", "oflag=direct"], { stdio: "pipe" });
      truncateSync(`${folder}.image`, 0);
      const reading = endsOf(ahead, { ...others[2]!, path });
      await expect(reading).rejects.toMatchObject({ kind: "disk", message: `cannot read ${path}: input/output error` });
    } finally {
      await ahead.stop();
      disk.unmount();
    }
  });

  it("are refused where the file changes meanwhile", async () => {
    for (const change of [() => appendFileSync(large.path, "x"), () => truncateSync(large.path, 9_000_000)]) {
      const ahead = start();
      const all = async () => {
        let changed = false;
        for await (const chunks of ahead.chunks(large.oid, large.path)) {
          for (const _ of chunks);
          if (!changed) change();
          changed = true;
        }
      };
      await expect(all()).rejects.toMatchObject({ kind: "corrupt", path: large.path });
      await ahead.stop();
      writeFileSync(large.path, large.bytes);
    }
  });

  it("are refused where bytes change meanwhile and the file's time is set back", async () => {
    const ahead = start();
    const all = async () => {
      let changed = false;
      for await (const chunks of ahead.chunks(large.oid, large.path)) {
        for (const _ of chunks);
        if (!changed) changeAndSetBack(large.path);
        changed = true;
      }
    };
    const error = await all().catch((reason: unknown) => reason);
    await ahead.stop();
    writeFileSync(large.path, large.bytes);
    expect(error).toMatchObject({ kind: "corrupt", path: large.path });
  });

  it("are no others where the file gets another name meanwhile, or loses one", async () => {
    const ahead = start();
    const [link, gone] = [join(root, "link"), join(root, "gone")];
    linkSync(others[1]!.path, gone);
    const work = async () => {
      for await (const _ of ahead.chunks(large.oid, large.path)) if (!existsSync(link)) linkSync(large.path, link);
      for await (const _ of ahead.chunks(others[1]!.oid, others[1]!.path)) rmSync(gone, { force: true });
    };
    const error = await work().catch((reason: unknown) => reason);
    await ahead.stop();
    expect(error).toBeUndefined();
  });

  it("are the same without threads, where there is little to do", async () => {
    const ahead = start(undefined, 1 << 30);
    for (const file of files) expect(await endsOf(ahead, file)).toEqual(cutsOf(file.bytes));
    await ahead.stop();
  });
});
