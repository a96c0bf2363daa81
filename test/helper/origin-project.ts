import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { createSandbox, type RunOptions, type RunResult, type Sandbox } from "./sandbox.ts";
import { fillFrom } from "./template.ts";

/** Repositories of people who share entities, each with a remote of its own, in one sandbox. */
export class OriginProject {
  readonly box: Sandbox = createSandbox();

  async start(): Promise<void> {
    await fillFrom("origin-project", this.box, async (made) => {
      await made.mlgit(["install", "--global"]);
      await made.git(["config", "--global", "protocol.file.allow", "always"]);
    });
  }

  /** A repository with a bare remote beside it, or the remote that is given. */
  async repository(name: string, remote?: string): Promise<void> {
    if (remote === undefined) await this.box.git(["init", "-q", "--bare", this.box.path(`${name}.git`)]);
    mkdirSync(this.box.path(name), { recursive: true });
    await this.git(name, "init", "-q");
    await this.git(name, "remote", "add", "origin", remote ?? this.box.path(`${name}.git`));
    await this.mlgit(name, "init", "-q");
  }

  git(name: string, ...args: string[]): Promise<RunResult> {
    return this.box.git(args, { cwd: this.box.path(name) });
  }

  mlgit(name: string, ...args: string[]): Promise<RunResult> {
    return this.box.mlgit(args, { cwd: this.box.path(name) });
  }

  async json(name: string, ...args: string[]): Promise<Record<string, unknown>> {
    return JSON.parse((await this.mlgit(name, ...args, "--json")).stdout);
  }

  /** Runs an mlgit that must fail with this code; gives what it said. */
  async fails(name: string, code: number, ...args: string[]): Promise<string> {
    const options: RunOptions = { cwd: this.box.path(name), code };
    return (await this.box.mlgit(args, options)).stderr;
  }

  /** Makes an entity and commits its files as version 1; `options` go to `create`. */
  async create(
    name: string,
    entity: readonly [kind: string, name: string, ...options: string[]],
    files: Files,
  ): Promise<void> {
    const [kind, word, ...options] = entity;
    await this.mlgit(name, kind, "create", word, "--categories=cv", "--mutability=mutable", "-q", ...options);
    const dir = options.find((one) => one.startsWith("--entity-dir="))?.slice("--entity-dir=".length);
    await this.write(name, [kind, dir, word].filter(Boolean).join("/"), files);
    await this.commit(name, `${word} 1`);
  }

  /** Writes files below a folder, in place of what is there. */
  async write(name: string, folder: string, files: Files): Promise<void> {
    for (const [path, bytes] of Object.entries(files)) {
      await this.box.run("rm", ["-f", this.box.path(name, folder, path)]);
      this.box.write(`${name}/${folder}/${path}`, bytes);
    }
  }

  /** Writes files, sets the version in the spec and commits. */
  async version(name: string, spec: string, number: number, files: Files): Promise<void> {
    await this.write(name, spec.slice(0, spec.lastIndexOf("/")), files);
    this.edit(name, spec, (text) => text.replace(/version: \d+/, `version: ${number}`));
    await this.commit(name, `version ${number}`);
  }

  edit(name: string, path: string, change: (text: string) => string): void {
    this.box.write(`${name}/${path}`, change(this.read(name, path)));
  }

  async commit(name: string, message: string): Promise<void> {
    await this.git(name, "add", "-A");
    await this.git(name, "commit", "-qm", message);
  }

  async push(name: string): Promise<void> {
    await this.git(name, "push", "-q", "--follow-tags", "-u", "origin", "HEAD");
  }

  read(name: string, path: string): string {
    return this.box.read(`${name}/${path}`).toString("utf8");
  }

  has(name: string, path: string): boolean {
    return existsSync(this.box.path(name, path));
  }

  async status(name: string): Promise<string> {
    return (await this.git(name, "status", "--porcelain", "-uall")).stdout;
  }

  /** What is left of scratch repositories and the like. */
  leftovers(name: string): string[] {
    const folder = this.box.path(name, ".git/mlgit/tmp");
    const inGit = readdirSync(this.box.path(name, ".git")).filter((file) => /^mlgit-(index|merge)-/.test(file));
    return [...inGit, ...(existsSync(folder) ? readdirSync(folder) : [])];
  }

  remove(): void {
    this.box.remove();
  }
}

export type Files = Readonly<Record<string, string | Uint8Array>>;
