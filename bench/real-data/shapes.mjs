// What people keep, as it changes: each shape makes one version after the other in a folder. A file that changes is made anew, so that files that did not
// are still the same inode as in the version before.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { noise } from "../data.mjs";
import { makeParquet } from "./parquet.mjs";
import { makePng } from "./png.mjs";
import { packTensors } from "./safetensors.mjs";
import { tarOf } from "./tar.mjs";

const text = (number, width) => String(number).padStart(width, "0");

/** Bytes that do not compress. */
export function bytesOf(seed, length) {
  const parts = [];
  // Each part is a view that the cipher made anew.
  for (const part of noise(seed, length)) parts.push(part);
  return Buffer.concat(parts);
}

function put(folder, name, bytes) {
  rmSync(join(folder, name), { force: true });
  writeFileSync(join(folder, name), bytes);
}

/** A log of measurements, one row a line, which grows by a tenth. */
const csv = {
  name: "csv",
  title: "CSV, a tenth appended each time",
  versions: 5,
  make({ folder, version, bytes }) {
    const rows = Math.floor(bytes / 80);
    const lines = ["id,time,user,country,score,latency,label"];
    for (let part = 0; part <= version; part++) {
      const count = part === 0 ? rows : Math.floor(rows / 10);
      const random = bytesOf(`csv ${part}`, count * 16);
      for (let i = 0; i < count; i++) {
        const word = (at) => random.readUInt32LE(16 * i + at);
        const id = part * rows + i;
        const country = ["de", "fr", "us", "jp", "br", "in"][word(0) % 6];
        const score = (word(4) / 2 ** 32).toFixed(6);
        const label = ["cat", "dog", "bird", "none"][word(12) % 4];
        lines.push(
          `${id},2026-03-${text(1 + (id % 28), 2)}T12:${text(id % 60, 2)}:00Z,user-${word(0) % 50_000},${country},${score},${(word(8) / 1e7).toFixed(3)},${label}`,
        );
      }
    }
    put(folder, "measurements.csv", `${lines.join("\n")}\n`);
  },
};

/** A table of features, written anew by a job that computes one column again or adds one. */
const parquet = {
  name: "parquet",
  title: "Parquet, rewritten after one of 12 columns changed",
  versions: 4,
  make({ folder, version, bytes }) {
    put(folder, "features.parquet", makeParquet({ rows: Math.floor(bytes / 80), version, random: bytesOf }));
  },
};

/** Fine-tuning: a quarter of the weights move at each step, and every checkpoint is kept. */
const safetensors = {
  name: "safetensors",
  title: "safetensors, a checkpoint a step, a quarter of the weights trained",
  versions: 4,
  make({ folder, version, bytes }) {
    const layers = 16;
    const tensors = Array.from({ length: layers }, (_, layer) => {
      const step = layer >= (layers * 3) / 4 ? version : 0;
      return {
        name: `model.layers.${layer}.weight`,
        bytes: weights(`${layer} ${step}`, Math.floor(bytes / layers / 4)),
      };
    });
    put(folder, `step-${text(1000 * (version + 1), 6)}.safetensors`, packTensors(tensors));
  },
};

/** Weights as float32: exponents are alike, the rest is as good as random. */
function weights(seed, count) {
  const random = new Uint32Array(new Uint8Array(bytesOf(seed, count * 4)).buffer);
  return Buffer.from(Float32Array.from(random, (word) => (word / 2 ** 32 - 0.5) / 16).buffer);
}

/** Shards of a data set for streaming; each time one sample comes into the middle of each of two of them. */
const tar = {
  name: "tar",
  title: "tar shards, one member added to two of them each time",
  versions: 4,
  make({ folder, version, bytes }) {
    const size = 100_000;
    const shards = 8;
    const each = Math.max(2, Math.floor(bytes / shards / size));
    for (let shard = 0; shard < shards; shard++) {
      if (version > 0 && Math.floor(shard / 2) !== version - 1) continue;
      const members = Array.from({ length: each }, (_, i) => ({ name: `${text(i, 6)}.jpg`, seed: `${shard} ${i}` }));
      if (version > 0) members.splice(each >> 1, 0, { name: `${text(each >> 1, 6)}-more.jpg`, seed: `more ${shard}` });
      const files = members.map(({ name, seed }) => ({
        name,
        bytes: bytesOf(`tar ${seed}`, size - (seed.length % 7)),
      }));
      put(folder, `shard-${text(shard, 4)}.tar`, tarOf(files));
    }
  },
};

/** A folder of pictures: a twentieth comes anew, and a few are replaced. */
const images = {
  name: "images",
  title: "PNG images, a twentieth added and a fiftieth replaced each time",
  versions: 4,
  make({ folder, version, bytes }) {
    const first = Math.max(20, Math.floor(bytes / 150_000));
    const some = Math.ceil(first / 20);
    const [from, to] = version === 0 ? [0, first] : [first + (version - 1) * some, first + version * some];
    for (let i = from; i < to; i++) put(folder, `image-${text(i, 6)}.png`, makePng(bytesOf(`image ${i}`, 64)));
    if (version === 0) return;
    for (let i = version; i < first; i += 50)
      put(folder, `image-${text(i, 6)}.png`, makePng(bytesOf(`${version} ${i}`, 64)));
  },
};

export const shapes = [csv, parquet, safetensors, tar, images];
