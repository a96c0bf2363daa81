// Compiles src/chunk/gear.as.ts into src/chunk/gear-wasm.ts. With --check it writes nothing, and fails when the
// committed bytes are not what the source compiles to.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = "src/chunk/gear.as.ts";
const target = `${root}src/chunk/gear-wasm.ts`;

const options = [
  "-O3",
  "--noAssert",
  "--runtime",
  "stub",
  "--importMemory",
  "--noExportMemory",
  "--initialMemory",
  "1",
  "--maximumMemory",
  "65536",
  "--enable",
  "threads",
  "--sharedMemory",
];
const written = new Map();
const { error, stderr } = await asc.main([source, ...options, "--outFile", "gear.wasm"], {
  readFile: (name) => readFile(root + name, "utf8").catch(() => null),
  writeFile: (name, contents) => void written.set(name, contents),
});
if (error) throw new Error(`${source} does not compile: ${stderr}`, { cause: error });

const base64 = Buffer.from(written.get("gear.wasm")).toString("base64");
const text = [
  "// Made by `node scripts/build-gear.mjs` from gear.as.ts; a test compares the two.",
  "export const gearWasm =",
  `  "${base64}";`,
  "",
].join("\n");
if (!process.argv.includes("--check")) await writeFile(target, text);
else if ((await readFile(target, "utf8")) !== text) throw new Error(`${target} is out of date: run this script`);
