import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { commands } from "../src/commands/index.ts";
import { projectRoot, readSource, readSources, type SourceFile } from "./helper/source-tree.ts";

/** A file may import from its own folder or from a strictly lower rank. CONTRIBUTING.md shows the same table. */
const ranks: Readonly<Record<string, number>> = {
  error: 0,
  log: 0,
  util: 0,
  backend: 1,
  chunk: 1,
  config: 1,
  git: 1,
  pointer: 1,
  entity: 2,
  store: 2,
  lineage: 3,
  transfer: 3,
  filter: 4,
  hydrate: 4,
  migrate: 4,
  pipeline: 4,
  "remote-helper": 4,
  commands: 5,
  api: 6,
  cli: 7,
};

/** Commands that still lack a part: delete a name here as soon as its part exists (a test insists). */
const unfinished: { readonly man: readonly string[]; readonly test: readonly string[] } = {
  man: [],
  test: [],
};

const longFile = 150;
const tooLongFile = 250;
const tooLongFunction = 50;

const sources = readSources("src");

function folderOf(path: string): string {
  return /^src\/([^/]+)\//.exec(path)?.[1] ?? "";
}

function wrongImports(files: readonly SourceFile[], isWrong: (path: string, target: string) => boolean): string[] {
  return files.flatMap(({ path, imports }) =>
    imports.filter((target) => isWrong(path, target)).map((target) => `${path} imports ${target}`),
  );
}

/** Each file that reaches itself, with what it imports. */
function circles(files: readonly SourceFile[]): string[] {
  const imports = new Map(files.map((file) => [file.path, file.imports]));
  const reaches = (goal: string): boolean => {
    const seen = new Set<string>();
    const next = [...(imports.get(goal) ?? [])];
    for (let path = next.pop(); path !== undefined; path = next.pop()) {
      if (path === goal) return true;
      if (!seen.has(path)) next.push(...(imports.get(path) ?? []));
      seen.add(path);
    }
    return false;
  };
  return files.filter(({ path }) => reaches(path)).map(({ path, imports: all }) => `${path} imports ${all.join(", ")}`);
}

function breaksRank(path: string, target: string): boolean {
  if (!target.startsWith("src/") || folderOf(path) === folderOf(target)) return false;
  return (ranks[folderOf(target)] ?? 99) >= (ranks[folderOf(path)] ?? -1);
}

/** rclone itself, and the program that asks for the passphrase of a key. */
const starters = ["src/backend/rclone/rclone-daemon.ts", "src/backend/sftp/ask-passphrase.ts"];

function startsProcesses(path: string, target: string): boolean {
  return target === "child_process" && folderOf(path) !== "git" && !starters.includes(path);
}

function namesBackend(path: string, target: string): boolean {
  const backend = /^src\/backend\/([^/]+)\//.exec(target)?.[1];
  if (backend === undefined || path.startsWith(`src/backend/${backend}/`)) return false;
  return path !== "src/backend/all.ts";
}

function opensStoreInternals(path: string, target: string): boolean {
  return /^src\/store\/(pack|index)\//.test(target) && folderOf(path) !== "store";
}

function processUsers(files: readonly SourceFile[], members: readonly string[]): string[] {
  return files
    .filter(({ path }) => folderOf(path) !== "cli")
    .flatMap(({ path, processMembers }) =>
      processMembers.filter((name) => members.includes(name)).map((name) => `${path} uses process.${name}`),
    );
}

/** git's hooks are tested together, by what git does when it calls them. */
function isHook(name: string): boolean {
  return exists(`hooks/${name}`);
}

function exists(path: string): boolean {
  return existsSync(join(projectRoot, path));
}

describe("layers", () => {
  it("gives every folder of src a rank", () => {
    const folders = readdirSync(join(projectRoot, "src"));
    expect(folders.filter((folder) => !(folder in ranks))).toEqual([]);
  });

  it("imports only from the own folder or a strictly lower rank", () => {
    expect(wrongImports(sources, breaksRank)).toEqual([]);
  });

  it("has no circles: what imports a file is not imported by it, on no way round", () => {
    // The table of commands loads each when it runs; it is no part of any.
    const eager = sources.filter(({ path }) => !["src/commands/index.ts", "src/commands/plumbing.ts"].includes(path));
    expect(circles(eager)).toEqual([]);
    const bad = [
      readSource("src/a.ts", 'import "./b.ts";'),
      readSource("src/b.ts", 'const a = () => import("./a.ts");'),
    ];
    expect(circles(bad)).toHaveLength(2);
  });

  it("starts processes only in src/git, and where a backend cannot do without", () => {
    expect(wrongImports(sources, startsProcesses)).toEqual([]);
  });

  it("names concrete backends and wrappers only in backend/all.ts", () => {
    expect(wrongImports(sources, namesBackend)).toEqual([]);
  });

  it("imports backend/all.ts only in src/api", () => {
    const isWrong = (path: string, target: string) => target === "src/backend/all.ts" && folderOf(path) !== "api";
    expect(wrongImports(sources, isWrong)).toEqual([]);
  });

  it("imports store/pack and store/index only in src/store", () => {
    expect(wrongImports(sources, opensStoreInternals)).toEqual([]);
  });

  it("touches exit, argv, stdin and stdout only in src/cli", () => {
    expect(processUsers(sources, ["exit", "exitCode", "argv", "stdin", "stdout"])).toEqual([]);
  });

  it("finds violations of each rule where there are some", () => {
    const bad = readSource(
      "src/chunk/bad.ts",
      `import { spawn } from "node:child_process";
       import type { Repository } from "../git/repository.ts";
       export { encode } from "../store/pack/encode.ts";
       type Name = import("../backend/s3/s3-backend.ts").Name;
       const lazy = () => import("../cli/run.ts");
       process.stdout.write(process.argv[0]);
       const { exit } = process;`,
    );
    expect(wrongImports([bad], breaksRank)).toHaveLength(4);
    expect(wrongImports([bad], startsProcesses)).toHaveLength(1);
    expect(wrongImports([bad], namesBackend)).toHaveLength(1);
    expect(wrongImports([bad], opensStoreInternals)).toHaveLength(1);
    expect(processUsers([bad], ["stdout", "argv", "exit"])).toHaveLength(3);
  });
});

describe("name triples", () => {
  const parts = {
    source: (name: string) => `src/commands/${name}.ts`,
    man: (name: string) => `docs/man/git-mlgit-${name}.md`,
    test: (name: string) => `test/e2e/${isHook(name) ? "hooks" : name}.test.ts`,
  };

  it.each(commands.map(({ name }) => name))("command %s has its source, man page and end-to-end test", (name) => {
    const missing = Object.entries(parts)
      .filter(([part]) => part === "source" || !unfinished[part as keyof typeof unfinished].includes(name))
      .map(([, path]) => path(name))
      .filter((path) => !exists(path));
    expect(missing).toEqual([]);
  });

  it("lists as unfinished only what is", () => {
    const finished = (["man", "test"] as const).flatMap((part) =>
      unfinished[part].filter((name) => exists(parts[part](name)) || !commands.some((entry) => entry.name === name)),
    );
    expect(finished).toEqual([]);
  });

  it("gives every backend a contract test and a page", () => {
    const folders = readdirSync(join(projectRoot, "src/backend"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== "wrap")
      .map(({ name }) => name);
    const lacking = folders.filter((name) => !callsContract(`test/backend/${name}`) || !hasPage(name));
    expect(lacking).toEqual([]);
  });

  function callsContract(folder: string): boolean {
    if (!exists(folder)) return false;
    return readdirSync(join(projectRoot, folder)).some(
      (name) =>
        name.endsWith(".test.ts") && readFileSync(join(projectRoot, folder, name), "utf8").includes("describeBackend("),
    );
  }

  function hasPage(backend: string): boolean {
    return backend === "memory" || exists(`docs/backend/${backend}.md`);
  }
});

describe("room sizes", () => {
  it(`has no file of more than ${tooLongFile} lines`, () => {
    const long = sources.filter(({ lines }) => lines > longFile).map(({ path, lines }) => `${path} ${lines}`);
    if (long.length > 0) console.info(`files above the aim of ${longFile} lines:\n  ${long.join("\n  ")}`);
    expect(sources.filter(({ lines }) => lines > tooLongFile).map(({ path, lines }) => `${path} ${lines}`)).toEqual([]);
  });

  it(`has no function of more than ${tooLongFunction} lines`, () => {
    const long = sources.flatMap(({ path, functions }) =>
      functions
        .filter(({ lines }) => lines > tooLongFunction)
        .map(({ name, lines }) => `${path}: ${name}, ${lines} lines`),
    );
    expect(long).toEqual([]);
  });
});
