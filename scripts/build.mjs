// Bundles src into dist: one entry per executable, one script for each kind of thread, and shared or lazy parts beside them, so that
// starting a filter or a hook loads a few kilobytes and the S3 SDK is read only when a byte has to move.
import { chmod, readdir, readFile, rm } from "node:fs/promises";
import { build } from "esbuild";
import { buildCompletion, buildManual } from "./build-manual.mjs";
import { closureOf, joinParts } from "./join-parts.mjs";
import { train } from "./train.mjs";

const { version } = JSON.parse(await readFile("package.json", "utf8"));
/** What a checkout, an add or a commit starts: the executable, and what it loads for git's own calls. */
const calledByGit = [
  "src/git/repository.ts",
  "src/commands/session.ts",
  ...["declared-kinds", "filter-process", "clean", "smudge", "pre-commit", "version"].map(
    (name) => `src/commands/${name}.ts`,
  ),
  ...["checkout", "commit", "index-change", "merge", "rewrite"].map((name) => `src/commands/post-${name}.ts`),
];
const typedAllDay = [
  "src/cli/parse.ts",
  "src/pipeline/external-run.ts",
  ...["add", "status", "ls-files", "fetch", "pull", "push", "hydrate", "lineage", "run", "repro", "dag", "metrics"].map(
    (name) => `src/commands/${name}.ts`,
  ),
];
/** Native addons (ssh2's are optional) and WebAssembly are found through node_modules. */
const external = ["@napi-rs/blake-hash", "@foxglove/wasm-zstd", "ssh2"];
/** Of a CommonJS file a bundle imports the default export alone. */
const alias = { "hash-wasm": "hash-wasm/dist/index.esm.js" };
await rm("dist", { recursive: true, force: true });
const { metafile } = await build({
  metafile: true,
  entryPoints: {
    "part/main": "src/cli/main.ts",
    "part/remote-main": "src/cli/remote-main.ts",
    api: "src/api/index.ts",
  },
  outdir: "dist",
  outExtension: { ".js": ".mjs" },
  chunkNames: "part/[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.15",
  minifySyntax: true,
  minifyWhitespace: true,
  // CommonJS dependencies inside an ES module bundle look for `require`; the parts without any must not pay for making one.
  banner: { js: "import{createRequire as __cr}from'node:module';const require=id=>__cr(import.meta.url)(id);" },
  external,
  alias,
  plugins: [withoutLocales()],
  define: { __MLGIT_VERSION__: JSON.stringify(version) },
  logLevel: "warning",
});
const isOneOf =
  (...sources) =>
  (_path, { entryPoint }) =>
    sources.includes(entryPoint);
await joinParts(metafile, "dist/part", [
  { name: "git-calls", isWhole: true, roots: isOneOf("src/cli/main.ts", ...calledByGit) },
  // What a clone or a fetch of a remote in a store loads.
  {
    name: "remote-helper",
    isWhole: true,
    roots: isOneOf("src/cli/remote-main.ts", "src/backend/all.ts", "src/backend/file/file-backend.ts"),
  },
  // What people type all day: reading a script takes longer the larger it is.
  { name: "commands", roots: isOneOf(...typedAllDay) },
  // All the rest, but for what would be larger than all of it.
  { name: "more-commands", roots: (path) => !closureOf(metafile, path).some(isHeavy) },
  // The SDKs: most of what a small push to a bucket loads.
  { name: "s3", roots: isOneOf("src/backend/s3/s3-connect.ts") },
  { name: "azure", roots: isOneOf("src/backend/azure/azure-connect.ts") },
]);
const loader = {
  bundle: true,
  format: "cjs",
  platform: "node",
  target: "node20.15",
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: "warning",
};
await build({
  ...loader,
  entryPoints: { joined: "src/cli/joined.ts" },
  outdir: "dist/part",
  outExtension: { ".js": ".cjs" },
});
// A thread has none of what another one loaded or compiled: each gets a script with all that it uses and no more.
await build({
  ...loader,
  entryPoints: (await readdir("src/cli/worker")).map((name) => `src/cli/worker/${name}`),
  outdir: "dist/worker",
  outExtension: { ".js": ".cjs" },
  // Two thirds of a script, which is read as a whole, for machines without an addon.
  external: [...external, "hash-wasm"],
  banner: { js: 'const __url=require("node:url").pathToFileURL(__filename).href;' },
  define: { "import.meta.url": "__url", __MLGIT_VERSION__: JSON.stringify(version) },
  // `import()` would start the loader of ES modules.
  supported: { "dynamic-import": false },
});
await buildExecutable("git-mlgit", '{ folder, script: "git-calls", part: "main" }, process.argv.slice(2)');
await buildExecutable(
  "git-remote-mlgit",
  '{ folder, script: "remote-helper", part: "remote-main" }, ["remote-helper"]',
);
await chmod("bin/git-mlgit", 0o755);
await chmod("bin/git-remote-mlgit", 0o755);
await buildManual(version);
await buildCompletion();
// What that has compiled is no start of anybody.
for (const name of await readdir("dist/part")) if (name.endsWith(".code")) await rm(`dist/part/${name}`);
await train();

/** One file with the loader in it: Node takes two milliseconds to find and compile another. */
async function buildExecutable(name, what) {
  const contents = `import { startJoined } from "./src/cli/joined.ts"; const folder = __dirname + "/part"; startJoined(${what});`;
  await build({ ...loader, stdin: { contents, resolveDir: "." }, outfile: `dist/${name}.cjs` });
}

/** zod brings its messages in all languages, half a megabyte that is parsed whenever it is loaded; English is elsewhere. */
function withoutLocales() {
  return {
    name: "without-locales",
    setup: ({ onLoad }) =>
      onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({ contents: "export {};" })),
  };
}

/** Packages that few commands need, and that would be most of a script. */
function isHeavy({ inputs }) {
  const heavy =
    /(^|\/)node_modules\/(@aws|@azure|@smithy|@typespec|bowser|hash-wasm|hyparquet|pino|vega|yauzl)[\w-]*\//;
  return Object.keys(inputs).some((path) => heavy.test(path));
}
