import { type CallOptions, call, type Place, type Runnable } from "./call.ts";
import type * as l from "./lineage-reports.ts";

/**
 * How things were made, and what was made from them. An artifact is named by a path, `<revision>:<path>`, `<entity>@<version>` or an oid, a
 * run by the first digits of its name. Records are shared by the next push.
 */
export class Lineage {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  /** What an artifact or the files of a run were made from (`up`, the default), or what was made from them. */
  async of(
    what: string,
    options: { readonly up?: boolean; readonly down?: boolean; readonly depth?: number } = {},
  ): Promise<l.LineageReport> {
    const { depth, ...rest } = options;
    const number = depth === undefined ? {} : { depth: String(depth) };
    const { show } = await import("../commands/lineage/show.ts");
    return this.#call({ run: show }, { args: [what], options: { ...rest, ...number } });
  }

  /** Runs, the newest first. @param options.where such as `metrics.accuracy > 0.9 and params.lr < 0.01`. */
  async runs(
    options: { readonly stages?: readonly string[]; readonly where?: string; readonly limit?: number } = {},
  ): Promise<readonly l.Run[]> {
    const { stages = [], where, limit } = options;
    const { runs } = await import("../commands/lineage/runs.ts");
    return this.#call(runs, {
      args: stages,
      options: { where, ...(limit === undefined ? {} : { limit: String(limit) }) },
    });
  }

  /** Records runs that something else made: all of them, or none. @returns their names. */
  async record(...runs: l.ExternalRunInput[]): Promise<readonly string[]> {
    const { importRuns } = await import("../commands/lineage/record.ts");
    const input = runs.map((run) => `${JSON.stringify(run)}\n`).join("");
    return (await this.#call(importRuns, { input })).map(({ id }) => id);
  }

  /** In what two runs differ. */
  async diff(run: string, other: string): Promise<l.Comparison> {
    return this.#call((await import("../commands/lineage/diff.ts")).diff, { args: [run, other] });
  }

  /** Says something of an artifact after the fact; `withdraw` takes it back. */
  async mark(word: l.MarkWord, artifact: string, reason: string): Promise<readonly l.Mark[]> {
    const { mark } = await import("../commands/lineage/mark.ts");
    return this.#call(mark, { args: [word, artifact], options: { reason } });
  }

  async marks(): Promise<readonly l.Mark[]> {
    return this.#call((await import("../commands/lineage/mark.ts")).marks);
  }

  /** What a commit has of things that are tainted, or were made from such. */
  async tainted(
    revision = "HEAD",
    options: { readonly all?: boolean } = {},
  ): Promise<readonly (l.Artifact & { readonly mark: l.Mark })[]> {
    return this.#call((await import("../commands/lineage/tainted.ts")).tainted, { args: [revision], options });
  }

  /** Records that something is in use. @throws MlgitError kind `refused` for what is tainted or retired. */
  async deploy(what: string, env: string, options: { readonly force?: boolean } = {}): Promise<l.Run> {
    const { deploy } = await import("../commands/lineage/deploy.ts");
    return this.#call(deploy, { args: [what], options: { env, ...options } });
  }

  /** What is in use, or was at a time (`2026-01-31`, or with a time). */
  async deployed(options: { readonly env?: string; readonly at?: string } = {}): Promise<readonly l.Run[]> {
    return this.#call((await import("../commands/lineage/deploy.ts")).deployed, { options });
  }

  /** Whether no branch, tag or deployment has something or anything made from it. */
  async mayDelete(artifact: string): Promise<l.MayDelete> {
    return this.#call((await import("../commands/lineage/may-i-delete.ts")).mayIDelete, { args: [artifact] });
  }

  #call<C extends Runnable>(command: C, options?: CallOptions) {
    return call(this.#place, command, options);
  }
}
