import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type StampEntry, stampIndex } from "../../src/git/index-stamp.ts";
import { findRepository } from "../../src/git/repository.ts";
import { PlaceBatch } from "../../src/hydrate/place-batch.ts";
import { placeFile } from "../../src/hydrate/place-file.ts";

const cleanScript = `#!/bin/sh
echo "$2" >> "$1"
t=$(mktemp) && cat > "$t"
case $(head -c 14 "$t" | tr -d '\\000') in
"version mlgit/") cat "$t" ;;
*) printf 'version mlgit/1\\noid sha256:%s\\nsize %s\\n' "$(sha256sum < "$t" | cut -d ' ' -f 1)" "$(wc -c < "$t")" ;;
esac
rm "$t"
`;

export function pointerOf(content: string): Buffer {
  const oid = createHash("sha256").update(content).digest("hex");
  return Buffer.from(`version mlgit/1\noid sha256:${oid}\nsize ${Buffer.byteLength(content)}\n`);
}

/**
 * A real repository in which `*.bin` goes through a small filter: clean makes pointers and writes down each path it is asked for,
 * smudge leaves the pointer, as the deferring filter does. Hydrating is up to the test.
 */
export class PointerRepository {
  readonly top: string;
  readonly #root: string;
  readonly #contents: Map<string, string>;

  private constructor(root: string, top: string, contents: Map<string, string>) {
    this.#root = root;
    this.top = top;
    this.#contents = contents;
  }

  static create(
    options: { format?: "sha1" | "sha256"; config?: Readonly<Record<string, string>> } = {},
  ): PointerRepository {
    const root = realpathSync(mkdtempSync(join(tmpdir(), "mlgit-stamp-")));
    const made = new PointerRepository(root, join(root, "work"), new Map());
    writeFileSync(join(root, "clean.sh"), cleanScript, { mode: 0o755 });
    execFileSync("git", ["init", "-q", "-b", "main", `--object-format=${options.format ?? "sha1"}`, made.top]);
    const settings = {
      "user.name": "A",
      "user.email": "a@example.org",
      "filter.mlgit.clean": `${join(root, "clean.sh")} ${join(root, "cleaned")} %f`,
      "filter.mlgit.smudge": "cat",
      "filter.mlgit.required": "true",
      "gc.auto": "0",
      ...options.config,
    };
    for (const [name, value] of Object.entries(settings)) made.git("config", name, value);
    made.write(".gitattributes", "*.bin filter=mlgit -text\n");
    return made;
  }

  /** Another worktree of the same repository. */
  at(top: string): PointerRepository {
    return new PointerRepository(this.#root, top, this.#contents);
  }

  beside(name: string): string {
    return join(this.#root, name);
  }

  git(...args: string[]): string {
    return execFileSync("git", args, { cwd: this.top, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  /** For commands that may fail. */
  try(...args: string[]): { status: number | null; text: string } {
    const { status, stdout, stderr } = spawnSync("git", args, { cwd: this.top, encoding: "utf8" });
    return { status, text: stdout + stderr };
  }

  write(path: string, content: string): void {
    mkdirSync(dirname(join(this.top, path)), { recursive: true });
    writeFileSync(join(this.top, path), content);
    this.#contents.set(pointerOf(content).toString(), content);
  }

  read(path: string): string {
    return readFileSync(join(this.top, path), "utf8");
  }

  commit(message: string): void {
    this.git("add", "-A");
    this.git("commit", "-qm", message);
  }

  /** Commits the files, then checks them out anew, so that the worktree holds pointers. */
  withPointers(files: Readonly<Record<string, string>>): void {
    for (const [path, content] of Object.entries(files)) this.write(path, content);
    this.commit("files");
    for (const path of Object.keys(files)) rmSync(join(this.top, path));
    this.git("checkout", "-q", "--", ".");
  }

  /** Puts the real bytes in place of every pointer on disk. */
  place(): StampEntry[] {
    mkdirSync(this.beside("temp"), { recursive: true });
    const batch = new PlaceBatch(this.top, this.beside("temp"));
    const placed: StampEntry[] = [];
    for (const { path, blob, mode } of this.entries()) {
      const pointer = existsSync(join(this.top, path)) ? this.read(path) : "";
      const content = this.#contents.get(pointer);
      if (content === undefined) continue;
      const raw = Buffer.from(path);
      const source = (to: Buffer) => writeFileSync(to, content);
      const result = placeFile({ batch, path: raw, source, mode: mode as 0o644, expected: Buffer.from(pointer) });
      // Of what was placed, which is not what the index has after `git stash pop`.
      const format = blob.length === 64 ? "sha256" : "sha1";
      const own = createHash(format).update(`blob ${pointer.length}\0${pointer}`).digest("hex");
      if (result.placed) placed.push({ path: raw, blob: own, stat: result.stat });
    }
    return placed;
  }

  async stamp(entries: readonly StampEntry[], patienceMs?: number) {
    return stampIndex(await findRepository(this.top), entries, patienceMs === undefined ? {} : { patienceMs });
  }

  async hydrate() {
    return this.stamp(this.place());
  }

  entries(): { path: string; blob: string; mode: number }[] {
    const lines = this.git("ls-files", "-z", "--stage", "--sparse", "*.bin").split("\0").filter(Boolean);
    return lines.map((line) => {
      const [, mode = "", blob = "", path = ""] = /^(\d+) (\w+) \d\t(.*)$/s.exec(line) ?? [];
      return { path, blob, mode: Number.parseInt(mode, 8) & 0o777 };
    });
  }

  get indexFile(): string {
    return this.git("rev-parse", "--path-format=absolute", "--git-path", "index").trim();
  }

  /** Paths that git sent through clean since the last call. */
  cleaned(): string[] {
    const log = this.beside("cleaned");
    const found = existsSync(log) ? readFileSync(log, "utf8").split("\n").filter(Boolean) : [];
    rmSync(log, { force: true });
    return found;
  }

  /** What `git status` prints and which paths it sent through clean for that. */
  status(): { text: string; cleaned: string[] } {
    this.cleaned();
    const text = this.git("status", "--porcelain");
    return { text, cleaned: this.cleaned() };
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}
