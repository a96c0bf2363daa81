// Bundles src into dist: one entry per executable, one for worker threads, and shared or lazy parts beside them, so that
// starting a filter or a hook loads a few kilobytes and the S3 SDK is read only when a byte has to move.
import { chmod, readFile, rm } from "node:fs/promises";
import { build } from "esbuild";
import { buildCompletion, buildManual } from "./build-manual.mjs";
import { mergeParts } from "./merge-parts.mjs";
import { train } from "./train.mjs";

const { version } = JSON.parse(await readFile("package.json", "utf8"));
/** What a checkout, an add or a commit starts: the executable, and what it loads for git's own calls. */
const calledByGit = [
  "src/git/repository.ts",
  "src/commands/session.ts",
  ...["declared-kinds", "filter-process", "clean", "smudge", "pre-commit"].map((name) => `src/commands/${name}.ts`),
  ...["checkout", "commit", "index-change", "merge", "rewrite"].map((name) => `src/commands/post-${name}.ts`),
];
await rm("dist", { recursive: true, force: true });
const { metafile } = await build({
  metafile: true,
  entryPoints: {
    "part/main": "src/cli/main.ts",
    "part/remote-main": "src/cli/remote-main.ts",
    worker: "src/cli/worker-main.ts",
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
  // Native addons (ssh2's are optional) and WebAssembly are found through node_modules.
  external: ["@napi-rs/blake-hash", "@foxglove/wasm-zstd", "ssh2"],
  // Of a CommonJS file a bundle imports the default export alone.
  alias: { "hash-wasm": "hash-wasm/dist/index.esm.js" },
  plugins: [withoutLocales()],
  define: { __MLGIT_VERSION__: JSON.stringify(version) },
  logLevel: "warning",
});
const merged = await mergeParts(metafile, {
  target: "dist/part/git-calls.mjs",
  start: "src/cli/main.ts",
  roots: calledByGit,
});
/** What a clone or a fetch of a remote in a store loads. */
const helped = await mergeParts(merged, {
  target: "dist/part/remote-helper.mjs",
  start: "src/cli/remote-main.ts",
  roots: ["src/backend/all.ts", "src/backend/file/file-backend.ts"],
});
/** The commands for entities: each loads all of them, for their options. */
await mergeParts(helped, {
  target: "dist/part/kind-commands.mjs",
  roots: ["datasets", "labels", "models"].map((name) => `src/commands/${name}.ts`),
});
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
await buildExecutable("git-mlgit", '"git-calls", process.argv[2]');
await buildExecutable("git-remote-mlgit", '"remote-helper", "remote-helper"');
await chmod("bin/git-mlgit", 0o755);
await chmod("bin/git-remote-mlgit", 0o755);
await buildManual(version);
await buildCompletion();
train();

/** One file with the loader in it: Node takes two milliseconds to find and compile another. */
async function buildExecutable(name, joined) {
  const contents = `import { loadJoined } from "./src/cli/joined.ts"; loadJoined(__dirname + "/part", ${joined}).start();`;
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
