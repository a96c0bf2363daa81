// One stage of bench/hot-path.mjs alone, in one thread: node bench/hot-path-stage.mjs read|chunk|blake3|write <file…>
import { closeSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";
import { choose } from "./options.mjs";

const [what, ...files] = process.argv.slice(2);
const step = 4 << 20;
const stages = {
  read: () => parts(() => {}),
  chunk() {
    const chunker = new Chunker(step);
    parts((bytes) => {
      for (let start = 0; start < bytes.length; ) start = chunker.nextCut(start, bytes.length, true);
    }, chunker.buffer);
  },
  async blake3() {
    const hash = await loadChunkHash();
    parts((bytes) => {
      for (let at = 0; at < bytes.length; at += 65_536) hash(bytes.subarray(at, at + 65_536));
    });
  },
  write() {
    const out = openSync("copy", "w");
    parts((bytes) => writeSync(out, bytes));
    fsyncSync(out);
    closeSync(out);
  },
};
const stage = choose(stages, what);
const { Chunker, loadChunkHash } = await import("../node_modules/.cache/mlgit-bench-hot-path.mjs");
await stage();

function parts(use, buffer = Buffer.allocUnsafeSlow(step)) {
  for (const file of files) {
    const fd = openSync(file, "r");
    for (let got = readSync(fd, buffer); got > 0; got = readSync(fd, buffer)) use(buffer.subarray(0, got));
    closeSync(fd);
  }
}
