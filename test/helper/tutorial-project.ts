import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { S3Server } from "./s3-server.ts";
import { createSandbox, type RunOptions, type RunResult, type Sandbox } from "./sandbox.ts";

/**
 * The world of ml-git's tutorial: repositories at `git@github.com:example/`, which git finds on this disk, an S3 server with the profiles
 * `mlgit` and `default`, and `ml-git` on PATH.
 */
export class TutorialProject {
  readonly box: Sandbox = createSandbox();
  #env: Readonly<Record<string, string | undefined>> = {};

  async start({ endpoint, env }: S3Server): Promise<void> {
    const keys = `aws_access_key_id = ${env.AWS_ACCESS_KEY_ID}\naws_secret_access_key = ${env.AWS_SECRET_ACCESS_KEY}\n`;
    this.#env = {
      ENDPOINT: endpoint,
      AWS_REGION: "us-east-1",
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: this.box.write("credentials", `[default]\n${keys}[mlgit]\n${keys}`),
    };
    await this.box.mlgit(["install", "--global"]);
    for (const name of ["datasets", "labels", "models", "repository"])
      await this.box.git(["init", "-q", "--bare", this.box.path(`github/your-mlgit-${name}.git`)]);
    const rule = `url.${this.box.path("github")}/.insteadOf`;
    await this.box.git(["config", "--global", rule, "git@github.com:example/"]);
    await this.#makeBuckets(endpoint);
  }

  /** Runs one line of the tutorial in a folder below the root. */
  sh(folder: string, line: string, options: RunOptions = {}): Promise<RunResult> {
    const run = { cwd: this.box.path(folder), ...options, env: { ...this.#env, ...options.env } };
    return this.box.run("bash", ["-euo", "pipefail", "-c", line], run);
  }

  async json(folder: string, line: string): Promise<unknown> {
    return JSON.parse((await this.sh(folder, `${line} --json`)).stdout);
  }

  read(path: string): string {
    return this.box.read(path).toString("utf8");
  }

  /** The files below a folder, sorted; none where it is not there. */
  files(folder: string): string[] {
    if (!existsSync(this.box.path(folder))) return [];
    const entries = readdirSync(this.box.path(folder), { recursive: true, withFileTypes: true });
    const paths = entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
    return paths.map((path) => path.slice(this.box.path(folder).length + 1)).sort();
  }

  remove(): void {
    this.box.remove();
  }

  async #makeBuckets(endpoint: string): Promise<void> {
    await this.box.init("buckets");
    for (const name of ["datasets", "labels", "models"])
      await this.sh(
        "buckets",
        `git mlgit store add --local mlgit-${name} s3://mlgit-${name} --endpoint-url=${endpoint} && git mlgit store create mlgit-${name}`,
      );
  }
}
