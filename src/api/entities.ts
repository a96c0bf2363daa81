import { type Kind, kindOf } from "../entity/kind.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { type CallOptions, call, having, type Place, type Runnable, withKinds } from "./call.ts";
import type * as e from "./entity-reports.ts";
import type { FetchReport } from "./reports.ts";
import type * as s from "./sharing-reports.ts";

/** Datasets, labels or models. An entity is named by its name, a version by its tag or by name and number. */
export class Entities {
  readonly #place: Place;
  readonly #kind: Kind;

  /** @throws MlgitError kind `usage` for a word that is no kind. */
  constructor(place: Place, word: string) {
    const kind = withKinds(place, () => kindOf(word));
    if (!kind) throw new MlgitError("usage", `${JSON.stringify(word)} is no kind of entity`);
    this.#place = place;
    this.#kind = kind;
  }

  /** What is in the worktree. */
  async list(): Promise<e.EntityPlace[]> {
    return this.#call((await import("../commands/kind/list.ts")).listAction(this.#kind));
  }

  /** Makes an entity's folder, spec and README; nothing is staged. */
  async create(name: string, { categories, version, ...more }: e.CreateOptions): Promise<e.CreatedEntity> {
    const number = version === undefined ? {} : { version: String(version) };
    const options = { categories: categories.join(","), ...number, ...more };
    return this.#call((await import("../commands/kind/create.ts")).createAction(this.#kind), { args: [name], options });
  }

  async status(name: string): Promise<e.EntityStatus> {
    return this.#call((await import("../commands/kind/status.ts")).statusAction(this.#kind), { args: [name] });
  }

  /** Stages the spec and everything in the entity, or the files that are named relative to its folder. */
  async add(
    name: string,
    options: {
      readonly files?: readonly string[];
      readonly bumpversion?: boolean;
      readonly metrics?: Readonly<Record<string, number>>;
    } = {},
  ): Promise<e.EntityAdded> {
    const { files = [], metrics = {}, bumpversion = false } = options;
    const metric = Object.entries(metrics).flatMap(([key, value]) => [key, String(value)]);
    return this.#call((await import("../commands/kind/add.ts")).addAction(this.#kind), {
      args: [name, ...files],
      options: { bumpversion, ...(metric.length > 0 ? { metric } : {}) },
    });
  }

  /** Commits what is staged of the entity as a version, tagged; links name a dataset or labels whose version here it was made from. */
  async commit(
    name: string,
    options: {
      readonly message?: string;
      readonly version?: number;
      readonly dataset?: string;
      readonly labels?: string;
    } = {},
  ): Promise<e.EntityCommitted> {
    const { version, ...rest } = options;
    const number = version === undefined ? {} : { version: String(version) };
    return this.#call((await import("../commands/kind/commit.ts")).commitAction(this.#kind), {
      args: [name],
      options: { ...number, ...rest },
    });
  }

  /** Pushes the current branch with its version tags; the data goes first. */
  async push(name: string, remote?: string): Promise<{ readonly remote: string; readonly branch: string }> {
    const args = remote === undefined ? [name] : [name, remote];
    return this.#call((await import("../commands/kind/push.ts")).pushAction(this.#kind), { args });
  }

  /** Puts a version into index and worktree; the latest one for a name alone. @throws MlgitError kind `refused` where changes would be lost. */
  async checkout(
    version: string,
    options: {
      readonly version?: number;
      readonly force?: boolean;
      readonly withDataset?: boolean;
      readonly withLabels?: boolean;
    } = {},
  ): Promise<e.CheckoutReport> {
    const { version: number, ...rest } = options;
    return this.#call((await import("../commands/kind/checkout.ts")).checkoutAction(this.#kind), {
      args: [version],
      options: { ...(number === undefined ? {} : { version: String(number) }), ...rest },
    });
  }

  /** Brings a version's data into the cache. */
  async fetch(version: string): Promise<FetchReport> {
    const { fetchAction } = await import("../commands/kind/fetch.ts");
    return having(await this.#call(fetchAction(this.#kind), { args: [version] }), "fetched");
  }

  /** The oldest first. */
  async versions(name: string): Promise<e.EntityVersion[]> {
    return this.#call((await import("../commands/kind/tag.ts")).versionsAction(this.#kind), { args: [name] });
  }

  /** The newest first. */
  async log(name: string, options: { readonly files?: boolean } = {}): Promise<e.LoggedVersion[]> {
    const { logAction } = await import("../commands/kind/log.ts");
    return this.#call(logAction(this.#kind), { args: [name], options: { fullstat: options.files === true } });
  }

  /** The files in which two versions differ. */
  async diff(name: string, from: string | number, to: string | number): Promise<e.FileChanges> {
    const { diffAction } = await import("../commands/kind/diff.ts");
    return this.#call(diffAction(this.#kind), { args: [name, String(from), String(to)] });
  }

  /** The values of a spec: of what is checked out for a name, else of a version. */
  async spec(version: string): Promise<Readonly<Record<string, unknown>>> {
    const { showAction } = await import("../commands/kind/show.ts");
    return (await this.#call(showAction(this.#kind), { args: [version] })) as Readonly<Record<string, unknown>>;
  }

  /** Which version is checked out. @throws MlgitError kind `incomplete` when what is there is none. */
  async current(name: string): Promise<{ readonly tag: string; readonly sha: string }> {
    return this.#call((await import("../commands/kind/show.ts")).branchAction(this.#kind), { args: [name] });
  }

  /** Metrics of all versions. */
  async metrics(name: string, options: { readonly sort?: string } = {}): Promise<readonly e.VersionMetrics[]> {
    const { metricsAction } = await import("../commands/kind/metrics.ts");
    const found = await this.#call(metricsAction(this.#kind), { args: [name], options });
    return "rows" in found ? found.rows : found;
  }

  /** Copies plain files of a bucket below the kind's folder, or into `data/` of the entity that is named; failures are told, not thrown. */
  async importFiles(
    bucket: string,
    folder: string,
    options: s.BucketOptions & { readonly path?: string; readonly object?: string } = {},
  ): Promise<s.BucketImport> {
    const { importAction } = await import("../commands/kind/import.ts");
    return this.#call(importAction(this.#kind), { args: [bucket, folder], options: { ...options } });
  }

  /** Copies the data files of a version into a bucket, as plain files; failures are told, not thrown. */
  async exportFiles(version: string, bucket: string, options: s.BucketOptions = {}): Promise<s.BucketExport> {
    const { exportAction } = await import("../commands/kind/export.ts");
    return this.#call(exportAction(this.#kind), { args: [version, bucket], options: { ...options } });
  }

  /** Gives a version whose number somebody else has published the next free one. Asks the remote. */
  async renumber(name: string): Promise<s.Renumbered> {
    return this.#call((await import("../commands/kind/renumber.ts")).renumberAction(this.#kind), { args: [name] });
  }

  /** What versions were made from, and what was made from them. */
  async relationships(name?: string): Promise<e.Relationships> {
    const { relationshipsAction } = await import("../commands/kind/relationships.ts");
    return this.#call(relationshipsAction(this.#kind), {
      args: name === undefined ? [] : [name],
      options: { format: "json" },
    });
  }

  /** Brings the versions that others published; the worktree stays. */
  async update(): Promise<{ readonly remote: string }> {
    return this.#call((await import("../commands/kind/update.ts")).updateAction(this.#kind));
  }

  /** Copies one file of a version into the folder that was opened. @throws MlgitError kind `conflict` where there is one of its name. */
  async get(version: string, file: string): Promise<{ readonly file: string; readonly tag: string }> {
    return this.#call((await import("../commands/kind/get.ts")).getAction(this.#kind), { args: [version, file] });
  }

  /** Lets published files of a flexible entity be changed until its next version; they are named relative to its folder. */
  async unlock(name: string, files: readonly string[]): Promise<void> {
    await this.#call((await import("../commands/kind/unlock.ts")).unlockAction(this.#kind), { args: [name, ...files] });
  }

  /** Undoes what is staged, or with `HEAD~1` the last commit with its version, which nobody else may have. `hard`: files, too. */
  async reset(
    name: string,
    reference: "HEAD" | "HEAD~1" = "HEAD",
    mode: "soft" | "mixed" | "hard" = "mixed",
  ): Promise<void> {
    const { resetAction } = await import("../commands/kind/reset.ts");
    await this.#call(resetAction(this.#kind), { args: [name, reference], options: { [mode]: true } });
  }

  /** Changes the rule for published files by a commit of its own. */
  async setMutability(name: string, mutability: e.Mutability): Promise<{ readonly changed: boolean }> {
    const { configAction } = await import("../commands/kind/config.ts");
    return this.#call(configAction(this.#kind), { args: [name, "mutability", mutability] });
  }

  #call<C extends Runnable>(action: C, options?: CallOptions) {
    return call(this.#place, action, options);
  }
}
