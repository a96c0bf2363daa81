import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { buildOnce, projectRoot } from "../helper/build.ts";

const handshake = "0016git-filter-client\n000eversion=2\n00000015capability=clean\n0000";
const answer = "0016git-filter-server\n000eversion=2\n00000015capability=clean\n0000";
let folder: string;
let repository: string;

beforeAll(() => {
  buildOnce();
  folder = mkdtempSync(join(tmpdir(), "mlgit-joined-"));
  repository = join(folder, "repository");
  spawnSync("git", ["init", "-q", repository]);
  writeFileSync(join(folder, "short.cjs"), shortRun);
  writeFileSync(join(folder, "long.cjs"), longRun);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A copy of the installed program, with no compiled code yet. */
function install(name: string): string {
  const root = join(folder, name);
  mkdirSync(root);
  for (const part of ["bin", "hooks", "package.json"])
    cpSync(join(projectRoot, part), join(root, part), { recursive: true });
  const filter = (path: string) => !path.endsWith(".code") && !path.endsWith(".tmp");
  cpSync(join(projectRoot, "dist"), join(root, "dist"), { recursive: true, filter });
  symlinkSync(join(projectRoot, "node_modules"), join(root, "node_modules"));
  return root;
}

/** A run that believes that it took long, and whose code V8 has dropped: what there is of it is that of a script none of whose functions was called. */
const longRun = `
process.uptime = () => 100;
const vm = require("node:vm");
const { Script } = vm;
vm.Script = class extends Script {
  constructor(source, options) {
    super(source, options);
    this.createCachedData = () => new Script(source, { filename: "/dropped.cjs" }).createCachedData();
  }
};
`;

/** A run that believes that it was short, also on a machine that has other things to do. */
const shortRun = "process.uptime = () => 0.1;\n";

/** @param script what each run loads before the program */
function environment(script: "short" | "long" = "short"): NodeJS.ProcessEnv {
  const NODE_OPTIONS = `--require ${join(folder, script)}.cjs`;
  return { ...process.env, HOME: folder, XDG_CACHE_HOME: join(folder, "cache"), NODE_OPTIONS };
}

function filterOnce(root: string, env: NodeJS.ProcessEnv = environment()): string {
  const options = { cwd: repository, env, input: handshake, encoding: "utf8" } as const;
  const { stdout, stderr, status } = spawnSync(join(root, "bin/git-mlgit"), ["filter-process"], options);
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  return stdout;
}

function compiledIn(path: string): string[] {
  return readdirSync(path).filter((name) => name.endsWith(".code"));
}

describe("the joined program", () => {
  it("keeps what V8 compiled after the first runs, and then leaves it alone", () => {
    const root = install("kept");
    const parts = join(root, "dist/part");
    expect(compiledIn(parts)).toEqual([]);
    for (let i = 0; i < 4; i += 1) expect(filterOnce(root)).toBe(answer);
    const [name = ""] = compiledIn(parts);
    expect(name).toBe(`git-calls-filter-process-${process.versions.v8}-${process.arch}.code`);
    const trained = readFileSync(join(parts, name));
    expect(trained.length).toBeGreaterThan(100_000);
    expect(filterOnce(root)).toBe(answer);
    expect(readFileSync(join(parts, name)).equals(trained)).toBe(true);
  });

  it("does not keep less because the first runs were long, of which V8 drops what they began with", () => {
    const root = install("long");
    for (let i = 0; i < 4; i += 1) expect(filterOnce(root, environment("long"))).toBe(answer);
    const size = () => statSync(join(root, "dist/part", compiledIn(join(root, "dist/part"))[0] ?? "")).size;
    const least = size();
    expect(filterOnce(root)).toBe(answer);
    expect(size()).toBeGreaterThan(1.5 * least);
    // Nor does one of them take away what short ones gathered.
    rmSync(join(root, "dist/part", compiledIn(join(root, "dist/part"))[0] ?? ""));
    expect(filterOnce(root)).toBe(answer);
    const whole = size();
    expect(filterOnce(root, environment("long"))).toBe(answer);
    expect(size()).toBeGreaterThan(0.9 * whole);
  });

  it("has what git's calls use when it was built, also with a bucket", () => {
    const root = install("trained");
    cpSync(join(projectRoot, "scripts"), join(root, "scripts"), { recursive: true });
    const program = "import('./scripts/train.mjs').then(({ train }) => train())";
    const { status } = spawnSync(process.execPath, ["-e", program], { cwd: root, env: environment() });
    expect(status).toBe(0);
    const scripts = compiledIn(join(root, "dist/part")).map((name) => name.replace(/-\d.*/, ""));
    for (const word of ["filter-process", "pre-push", "remote-helper"])
      expect(scripts).toEqual(expect.arrayContaining([`git-calls-${word}`, `s3-${word}`]));
    expect(scripts).toEqual(expect.arrayContaining(["git-calls-pre-commit", "commands-status", "commands-lineage"]));
  });

  it("works with compiled code that is damaged, empty or of another build", () => {
    const root = install("damaged");
    const parts = join(root, "dist/part");
    filterOnce(root);
    const path = join(parts, compiledIn(parts)[0] ?? "");
    const whole = readFileSync(path);
    const flipped = Buffer.from(whole);
    for (let at = 0; at < flipped.length; at += 1000) flipped[at] = (flipped[at] ?? 0) ^ 0xff;
    for (const bytes of [flipped, Buffer.alloc(0), whole.subarray(0, 5000)]) {
      writeFileSync(path, bytes);
      expect(filterOnce(root)).toBe(answer);
    }
    // As long as before, so that V8 itself would take the old code for it.
    const script = join(parts, "git-calls.cjs");
    const head = /^\/\*[0-9a-f]{64}\*\//;
    const body = readFileSync(script, "latin1").replace(head, "").replaceAll("git-filter-server", "git-filter-sErVeR");
    expect(readFileSync(script, "latin1")).toMatch(head);
    writeFileSync(script, `/*${createHash("sha256").update(body).digest("hex")}*/${body}`, "latin1");
    expect(filterOnce(root)).toBe(answer.replace("server", "sErVeR"));
  });

  it("keeps it in the user's cache where the program's folder cannot be written", () => {
    const root = install("read-only");
    // A folder of that name: root may write into everything else.
    mkdirSync(join(root, `dist/part/git-calls-filter-process-${process.versions.v8}-${process.arch}.code`));
    expect(filterOnce(root)).toBe(answer);
    expect(compiledIn(join(folder, "cache/mlgit"))).toHaveLength(1);
    expect(filterOnce(root)).toBe(answer);
  });

  it("gathers it once in the cache of a user who may not write beside the program, and then leaves it alone", () => {
    if (process.getuid?.() !== 0) return;
    const nobody = { uid: 65_534, gid: 65_534 };
    const root = install("of-root");
    // Of one start: too little for who starts it all day.
    filterOnce(root);
    const beside = join(root, "dist/part");
    const trained = compiledIn(beside).map((name) => readFileSync(join(beside, name)));
    chmodSync(folder, 0o755);
    const home = join(folder, "nobody");
    mkdirSync(home);
    chownSync(home, nobody.uid, nobody.gid);
    const env = { ...environment(), HOME: home, XDG_CACHE_HOME: join(home, "cache") };
    spawnSync("git", ["init", "-q", join(home, "r")], { ...nobody, env });
    const start = () => {
      const options = { ...nobody, cwd: join(home, "r"), env, input: handshake, encoding: "utf8" } as const;
      return spawnSync(join(root, "bin/git-mlgit"), ["filter-process"], options);
    };
    // The tests themselves may lie where nobody else gets in.
    if (start().error) return;
    for (let i = 0; i < 4; i += 1) expect(start()).toMatchObject({ stdout: answer, stderr: "", status: 0 });
    const own = join(home, "cache/mlgit");
    const states = () => compiledIn(own).map((name) => statSync(join(own, name)).ino);
    const before = states();
    expect(before).toHaveLength(1);
    expect(start().stdout).toBe(answer);
    expect(states()).toEqual(before);
    expect(compiledIn(beside).map((name) => readFileSync(join(beside, name)))).toEqual(trained);
  });

  it("does not mind options of V8 that its code was not made with", () => {
    const root = install("options");
    for (let i = 0; i < 5; i += 1) filterOnce(root);
    const path = join(root, "dist/part", compiledIn(join(root, "dist/part"))[0] ?? "");
    const before = readFileSync(path);
    const env = environment();
    env.NODE_OPTIONS += " --interpreted-frames-native-stack";
    expect(filterOnce(root, env)).toBe(answer);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("keeps what each command of people compiles apart, and nothing of words that are none", () => {
    const root = install("typed");
    const parts = join(root, "dist/part");
    const typed = (...words: string[]) => {
      const options = { cwd: repository, env: environment(), encoding: "utf8" } as const;
      return spawnSync(join(root, "bin/git-mlgit"), words, options);
    };
    for (const words of [
      ["lineag", "runs"],
      ["lineage", "nothing"],
    ])
      expect(typed(...words).status).toBe(2);
    expect(compiledIn(parts)).toEqual([]);
    const first = typed("lineage", "runs");
    expect(first).toMatchObject({ status: 0, stdout: "no runs\n", stderr: "" });
    const kept = compiledIn(parts);
    expect(kept.map((name) => name.replace(/-\d.*/, "")).sort()).toEqual(["commands-lineage", "git-calls-lineage"]);
    for (let i = 0; i < 3; i += 1) expect(typed("lineage", "runs").stdout).toBe(first.stdout);
    const trained = kept.map((name) => readFileSync(join(parts, name)));
    expect(typed("lineage", "runs").stdout).toBe(first.stdout);
    expect(kept.map((name) => readFileSync(join(parts, name)))).toEqual(trained);
    // Other commands and git's own calls have files of their own.
    expect(typed("ls-files").status).toBe(0);
    expect(filterOnce(root)).toBe(answer);
    expect(kept.map((name) => readFileSync(join(parts, name)))).toEqual(trained);
    expect(compiledIn(parts)).toHaveLength(5);
  });

  it("loads what a command needs and nothing that is large", () => {
    const root = install("light");
    // What is joined is no module; loading one of these ends the process.
    for (const name of readdirSync(join(root, "dist/part")))
      if (name.endsWith(".mjs")) writeFileSync(join(root, "dist/part", name), "process.exit(99)\n");
    const options = { cwd: repository, env: environment(), encoding: "utf8" } as const;
    for (const words of [["status"], ["lineage", "runs"], ["dag"], ["ls-files"], ["repro"], ["-h"], ["track"]])
      expect([words, spawnSync(join(root, "bin/git-mlgit"), words, options)]).toMatchObject([words, { status: 0 }]);
  });

  it("may be started for the first time by many at once", async () => {
    const root = install("many");
    const runs = Array.from({ length: 6 }, () => {
      const child = spawn(join(root, "bin/git-mlgit"), ["filter-process"], { cwd: repository, env: environment() });
      child.stdin.end(handshake);
      const out: string[] = [];
      child.stdout.setEncoding("utf8").on("data", (text: string) => out.push(text));
      return new Promise((resolve) => child.on("close", (code) => resolve([code, out.join("")])));
    });
    for (const result of await Promise.all(runs)) expect(result).toEqual([0, answer]);
    expect(readdirSync(join(root, "dist/part")).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});
