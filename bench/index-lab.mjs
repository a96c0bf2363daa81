// One measurement of bench/index.mjs: node bench/index-lab.mjs <what> <folder> <chunks>. Prints JSON.
import { createCipheriv, createHash } from "node:crypto";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { choose } from "./options.mjs";

const [what, folder, count] = process.argv.slice(2);
const step = choose({ make, bring, open: bring, look: findChunks, files: findFiles, one: findOne, merge }, what);
const lab = await import("../node_modules/.cache/mlgit-bench-index.mjs");
const chunks = Number(count);
/** As full as a segment gets, beside its files, packs and fans. */
const perSegment = 1_500_000;
const perFile = 160;
const perPack = 1000;
const lookups = 100_000;

const hash = await lab.loadChunkHash();
const backend = await lab.openBackend({ url: `file://${join(folder, "store")}` });
const began = clock();
const result = await step();
const from = result.began ?? began;
const to = result.ended ?? clock();
const [seconds, cpu] = [to.wall - from.wall, to.cpu - from.cpu];
const memory = process.resourceUsage().maxRSS * 1024;
process.stdout.write(`${JSON.stringify({ seconds, cpu, memory, ...result.numbers })}\n`);

/** Seconds: on a machine that does other things too, those of the processor tell more. */
function clock() {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now() / 1000, cpu: (user + system) / 1e6 };
}

/** Ids of the chunks of a segment: 32 bytes each, as good as random, the same in every process. */
function idsOf(name, number) {
  const key = createHash("sha256").update(name).digest().subarray(0, 16);
  return createCipheriv("aes-128-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(32 * number));
}

/** One of them without making those before it: 32 bytes are two blocks of the cipher. */
function idAt(name, i) {
  const key = createHash("sha256").update(name).digest().subarray(0, 16);
  const counter = Buffer.alloc(16);
  counter.writeUInt32BE(2 * i, 12);
  return createCipheriv("aes-128-ctr", key, counter).update(Buffer.alloc(32));
}

function sizes() {
  const full = Array(Math.floor(chunks / perSegment)).fill(perSegment);
  const rest = chunks % perSegment;
  return rest > 0 ? [...full, rest] : full;
}

/** A segment with so many new chunks, and a file for every 160 of them. */
function build(name, number) {
  const builder = new lab.SegmentBuilder();
  const ids = idsOf(`chunks ${name}`, number);
  const packs = idsOf(`packs ${name}`, Math.ceil(number / perPack));
  const numbers = Array.from({ length: packs.length / 32 }, (_, i) =>
    builder.pack(packs.toString("hex", i * 32, i * 32 + 32), 64 << 20, perPack),
  );
  for (let i = 0; i < number; i++)
    builder.chunk(ids.subarray(i * 32, i * 32 + 32), numbers[Math.floor(i / perPack)], i % perPack);
  const oids = idsOf(`files ${name}`, Math.ceil(number / perFile));
  for (let i = 0; i < oids.length / 32; i++) {
    const oid = oids.toString("hex", i * 32, i * 32 + 32);
    builder.file({ oid, size: 1 + i, pack: numbers[i % numbers.length], first: 0, count: 1, manifest: false });
  }
  return builder.finish(hash);
}

async function make() {
  mkdirSync(join(folder, "store/index"), { recursive: true });
  writeFileSync(join(folder, "store/mlgit.json"), "{}");
  for (const [name, number] of sizes().entries()) {
    const { id, bytes } = build(name, number);
    writeFileSync(join(folder, "store/index", id), bytes);
  }
  const names = readdirSync(join(folder, "store/index"));
  const bytes = names.reduce((sum, name) => sum + statSync(join(folder, "store/index", name)).size, 0);
  return { numbers: { segments: names.length, bytes } };
}

async function opened() {
  const index = new lab.IndexCopy(join(folder, "copy"), hash);
  await index.sync(backend);
  return index;
}

async function bring() {
  const index = await opened();
  return { numbers: { segments: index.segments.size } };
}

/** Half from all over the index, half that nobody has. */
function mixed(kind, per) {
  const all = sizes();
  const each = Math.ceil(lookups / 2 / all.length);
  const known = all.flatMap((number, name) => {
    const total = Math.ceil(number / per);
    return Array.from({ length: each }, (_, i) => idAt(`${kind} ${name}`, Math.floor((i * total) / each)));
  });
  const fresh = idsOf(`new ${kind}`, lookups / 2);
  return [...known, ...Array.from({ length: lookups / 2 }, (_, i) => fresh.subarray(i * 32, i * 32 + 32))];
}

async function findChunks() {
  const ids = mixed("chunks", 1);
  const index = await opened();
  const began = clock();
  let found = 0;
  for (const id of ids) if (index.findChunk(id)) found++;
  return { began, ended: clock(), numbers: { found } };
}

async function findFiles() {
  const oids = mixed("files", perFile).map((id) => id.toString("hex"));
  const index = await opened();
  const began = clock();
  const found = await index.findFiles(oids);
  return { began, ended: clock(), numbers: { found: found.size } };
}

async function findOne() {
  const index = new lab.IndexCopy(join(folder, "copy of another"), hash);
  const oid = idsOf("files 0", 1000).toString("hex", 32 * 7, 32 * 8);
  const began = clock();
  await index.syncToRead(backend);
  const found = await index.findFiles([oid]);
  const ended = clock();
  if (found.size !== 1) throw new Error("not found");
  const { received, requests } = backend.traffic;
  return { began, ended, numbers: { received, requests } };
}

async function merge() {
  const index = await opened();
  for (let i = 0; i < 17; i++) {
    const { id, bytes } = build(`small ${i}`, 20_000);
    index.add(id, bytes);
  }
  let sent = 0;
  const saveSegment = async (id, bytes) => {
    sent += bytes.length;
    await backend.save({ type: "index", name: id }, bytes);
    index.add(id, bytes);
  };
  const began = clock();
  const merged = await lab.compactIndex({ index, hash, saveSegment });
  return { began, ended: clock(), numbers: { merged, sent } };
}
