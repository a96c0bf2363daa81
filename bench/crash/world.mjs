import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const bin = process.env.MLGIT_BIN ?? join(dirname(fileURLToPath(import.meta.url)), "..", "..", "bin");

/**
 * A bare remote with its store, two clones, and the oracle: a plain copy of every content that was ever committed, by its SHA-256,
 * and of every commit the list of its paths. The clones share one cache where `shared` says so.
 */
export class World {
  constructor({ shared = false, cacheFolder } = {}) {
    this.root = mkdtempSync(join(tmpdir(), "mlgit-crash-"));
    this.oracle = join(this.root, "oracle");
    this.commits = new Map();
    this.pushed = new Set();
    this.env = this.#environment();
    mkdirSync(this.oracle);
    this.git(this.root, "init", "-q", "--bare", "origin.git");
    this.clones = ["a", "b"].map((name) => join(this.root, name));
    const cache = cacheFolder ?? (shared ? join(this.root, "cache") : undefined);
    for (const clone of this.clones) this.#makeClone(clone, cache);
    this.sharesCache = cache !== undefined;
  }

  git(cwd, ...args) {
    return execFileSync("git", args, { cwd, env: this.env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  try(cwd, program, ...args) {
    const { status, stdout, stderr } = spawnSync(program, args, {
      cwd,
      env: this.env,
      encoding: "utf8",
      maxBuffer: 1e9,
    });
    return { code: status ?? 128, text: `${stdout}${stderr}`, stdout };
  }

  cacheOf(clone) {
    return this.try(clone, "git", "config", "mlgit.cache").stdout.trim() || join(clone, ".git", "mlgit");
  }

  get store() {
    return join(this.root, "origin.git", "mlgit");
  }

  /** Keeps a plain copy of the bytes that are about to be committed. */
  remember(bytes) {
    const oid = createHash("sha256").update(bytes).digest("hex");
    const path = join(this.oracle, oid);
    if (!existsSync(path)) writeFileSync(path, bytes);
    return oid;
  }

  recall(oid) {
    return readFileSync(join(this.oracle, oid));
  }

  /** What git itself leaves behind when it is killed, and asks people to remove. */
  unlock(clone) {
    for (const name of readdirSync(join(clone, ".git"), { recursive: true }))
      if (name.endsWith(".lock") && !name.startsWith("mlgit")) rmSync(join(clone, ".git", name), { force: true });
    for (const name of readdirSync(join(this.root, "origin.git"), { recursive: true }))
      if (name.endsWith(".lock") && !name.startsWith("mlgit"))
        rmSync(join(this.root, "origin.git", name), { force: true });
  }

  remove() {
    rmSync(this.root, { recursive: true, force: true });
  }

  #makeClone(clone, cache) {
    this.git(this.root, "init", "-q", clone);
    const settings = { "mlgit.cache": cache, "gc.auto": "0", "remote.origin.url": join(this.root, "origin.git") };
    for (const [key, value] of Object.entries(settings)) if (value) this.git(clone, "config", key, value);
    this.git(clone, "config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*");
    this.git(clone, "mlgit", "init");
    this.git(clone, "mlgit", "track", "data/**");
    this.git(clone, "add", ".");
    this.git(clone, "commit", "-qm", "begin");
  }

  #environment() {
    const home = join(this.root, "home");
    mkdirSync(home);
    const foreign = Object.keys(process.env).filter((name) => /^(GIT|MLGIT|XDG)_/.test(name));
    return {
      ...process.env,
      ...Object.fromEntries(foreign.map((name) => [name, undefined])),
      HOME: home,
      GIT_CONFIG_GLOBAL: join(home, ".gitconfig"),
      PATH: [bin, process.env.PATH].join(delimiter),
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_COUNT: "2",
      GIT_CONFIG_KEY_0: "init.defaultBranch",
      GIT_CONFIG_VALUE_0: "main",
      GIT_CONFIG_KEY_1: "advice.detachedHead",
      GIT_CONFIG_VALUE_1: "false",
      GIT_AUTHOR_NAME: "A",
      GIT_AUTHOR_EMAIL: "a@example.com",
      GIT_COMMITTER_NAME: "A",
      GIT_COMMITTER_EMAIL: "a@example.com",
      GIT_TERMINAL_PROMPT: "0",
      LC_ALL: "C.UTF-8",
    };
  }
}
