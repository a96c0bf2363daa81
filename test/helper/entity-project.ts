import { existsSync, rmSync } from "node:fs";
import { createSandbox, type RunOptions, type RunResult, type Sandbox } from "./sandbox.ts";
import { fillFrom } from "./template.ts";

/** A repository `a` with mlgit set up and a bare remote beside it: where tests of entities play. */
export class EntityProject {
  readonly box: Sandbox = createSandbox();
  readonly cwd = this.box.path("a");

  async start(): Promise<void> {
    await fillFrom("entity-project", this.box, async (made) => {
      await made.mlgit(["install", "--global"]);
      await made.git(["init", "-q", "--bare", made.path("a.git")]);
      const cwd = await made.init("a");
      await made.git(["remote", "add", "origin", made.path("a.git")], { cwd });
      await made.mlgit(["init"], { cwd });
    });
  }

  git(...args: string[]): Promise<RunResult> {
    return this.box.git(args, { cwd: this.cwd });
  }

  mlgit(...args: string[]): Promise<RunResult> {
    return this.box.mlgit(args, { cwd: this.cwd });
  }

  /** Runs what must fail with this code; gives what it said. */
  async fails(code: number, program: "git" | "mlgit", ...args: string[]): Promise<string> {
    const options: RunOptions = { cwd: this.cwd, code };
    return (await this.box[program](args, options)).stderr;
  }

  /** Writes a file in place of another one, read-only ones too, as editors do. */
  write(path: string, text: string): void {
    if (existsSync(`${this.cwd}/${path}`)) rmSync(`${this.cwd}/${path}`);
    this.box.write(`a/${path}`, text);
  }

  read(path: string): string {
    return this.box.read(`a/${path}`).toString("utf8");
  }

  async setVersion(spec: string, version: number): Promise<void> {
    this.write(spec, this.read(spec).replace(/version: \d+/, `version: ${version}`));
  }

  async commit(message: string, ...args: string[]): Promise<void> {
    await this.git("add", "-A");
    await this.git("commit", "-qm", message, ...args);
  }

  async tags(): Promise<string[]> {
    return (await this.git("tag", "-l")).stdout.split("\n").filter(Boolean);
  }

  async commitOf(name: string): Promise<string> {
    return (await this.git("rev-parse", `${name}^{commit}`)).stdout.trim();
  }

  remove(): void {
    this.box.remove();
  }
}
