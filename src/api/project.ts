import type { Repository } from "../git/repository.ts";
import { type CallOptions, call, having, type Place, type Runnable } from "./call.ts";
import { Entities } from "./entities.ts";
import { Lineage } from "./lineage.ts";
import { Pipeline } from "./pipeline.ts";
import type * as r from "./reports.ts";
import { Sharing } from "./sharing.ts";
import { Stores } from "./stores.ts";

/** A git repository with its data. Paths are relative to the folder that was opened; commits, tags and pushes of git's own are git's. */
export class Project {
  /** The top of the worktree; undefined in a bare repository. */
  readonly top: string | undefined;
  readonly stores: Stores;
  readonly sharing: Sharing;
  readonly pipeline: Pipeline;
  readonly lineage: Lineage;
  readonly datasets: Entities;
  readonly labels: Entities;
  readonly models: Entities;
  readonly #place: Place;

  /** Use {@link open}. */
  constructor(place: Place, repository: Repository) {
    this.#place = place;
    this.top = repository.workTree;
    this.stores = new Stores(place);
    this.sharing = new Sharing(place);
    this.pipeline = new Pipeline(place);
    this.lineage = new Lineage(place);
    this.datasets = new Entities(place, "datasets");
    this.labels = new Entities(place, "labels");
    this.models = new Entities(place, "models");
  }

  /** Entities of a kind that the repository declares. @throws MlgitError kind `usage` for a word that is none. */
  entities(kind: string): Entities {
    return new Entities(this.#place, kind);
  }

  /** What is changed, what is only a pointer here, what no remote has. */
  async status(): Promise<r.StatusReport> {
    return this.#call((await import("../commands/status.ts")).command);
  }

  /** The tracked files below paths (default: all), of the index or of a commit, branch or tag. */
  async files(paths: readonly string[] = [], options: { readonly ref?: string } = {}): Promise<r.TrackedFile[]> {
    const { files } = await this.#call((await import("../commands/ls-files.ts")).command, { args: paths, options });
    return files;
  }

  /** `git add` for large trees. @throws MlgitError kind `usage` where a path matches nothing. */
  async add(paths: readonly string[], options: { readonly dryRun?: boolean } = {}): Promise<r.AddReport> {
    return this.#call((await import("../commands/add.ts")).command, { args: paths, options });
  }

  /** Keeps files of these patterns outside of git from now on; `.gitattributes` is edited, nothing is staged. */
  async track(
    patterns: readonly string[],
    options: { readonly filename?: boolean; readonly dryRun?: boolean } = {},
  ): Promise<r.TrackReport> {
    const { command } = await import("../commands/track.ts");
    return having(await this.#call(command, { args: patterns, options }), "added");
  }

  async untrack(
    patterns: readonly string[],
    options: { readonly filename?: boolean; readonly dryRun?: boolean } = {},
  ): Promise<r.UntrackReport> {
    return this.#call((await import("../commands/untrack.ts")).command, { args: patterns, options });
  }

  /** Brings data into the cache: of what is checked out, of some refs, or everything. Failures are in the report. */
  async fetch(
    options: { readonly remote?: string; readonly refs?: readonly string[]; readonly all?: boolean } = {},
  ): Promise<r.FetchReport> {
    const { remote, refs = [], ...rest } = options;
    const { command } = await import("../commands/fetch.ts");
    return having(await this.#call(command, { args: words(remote, refs), options: rest }), "fetched");
  }

  /** Uploads data without moving refs; default: what HEAD has. */
  async push(
    options: { readonly remote?: string; readonly refs?: readonly string[]; readonly all?: boolean } = {},
  ): Promise<r.PushReport> {
    const { remote, refs = [], ...rest } = options;
    const { command } = await import("../commands/push.ts");
    return having(await this.#call(command, { args: words(remote, refs), options: rest }), "uploaded");
  }

  /** Puts bytes in place of pointers, below these paths or wherever the settings want it. Files that were edited are left alone. */
  async hydrate(paths: readonly string[] = [], options: { readonly remote?: string } = {}): Promise<r.HydrateReport> {
    return this.#call((await import("../commands/hydrate.ts")).command, { args: paths, options });
  }

  /** Puts pointers in place of files that are unmodified and in the cache. */
  async dehydrate(paths: readonly string[]): Promise<r.DehydrateReport> {
    return this.#call((await import("../commands/dehydrate.ts")).command, { args: paths });
  }

  /** What takes how much room. */
  async room(
    paths: readonly string[] = [],
    options: { readonly ref?: string; readonly store?: boolean } = {},
  ): Promise<r.RoomReport> {
    return this.#call((await import("../commands/du.ts")).command, { args: paths, options });
  }

  /** Reads and hashes everything again. A report with `corrupt` or `missing` contents is no exception. */
  async fsck(
    options: {
      readonly fix?: boolean;
      readonly store?: boolean;
      readonly paranoid?: boolean;
      readonly remote?: string;
    } = {},
  ): Promise<r.FsckReport> {
    return this.#call((await import("../commands/fsck.ts")).command, { options });
  }

  /** Drops cached copies that the store has. */
  async prune(
    options: { readonly dryRun?: boolean; readonly verifyStore?: boolean; readonly remote?: string } = {},
  ): Promise<r.PruneReport> {
    return this.#call((await import("../commands/prune.ts")).command, { options });
  }

  /** Removes from a store what no ref needs, in two phases with a grace period. */
  async gc(
    options: {
      readonly remote?: string;
      readonly dryRun?: boolean;
      readonly refFrom?: readonly string[];
      readonly forget?: readonly string[];
      readonly force?: boolean;
    } = {},
  ): Promise<r.GcReport> {
    const { remote, ...rest } = options;
    return this.#call((await import("../commands/gc.ts")).command, { args: words(remote), options: rest });
  }

  /** Judges commits by the rules of their entities; default: what HEAD has and no remote-tracking branch. */
  async verify(ranges: readonly string[] = []): Promise<r.VerifyReport> {
    return this.#call((await import("../commands/verify.ts")).command, { args: ranges });
  }

  /** Takes an unlock back. */
  async lock(paths: readonly string[]): Promise<r.LockReport> {
    return this.#call((await import("../commands/lock.ts")).command, { args: paths });
  }

  /** Lets published files of flexible entities be changed until the next version. @returns those that can be. */
  async unlock(paths: readonly string[]): Promise<readonly r.Path[]> {
    const { unlocked } = await this.#call((await import("../commands/unlock.ts")).command, { args: paths });
    return unlocked;
  }

  /** What is wrong with the set-up, and how to mend it. */
  async doctor(): Promise<r.DoctorReport> {
    return this.#call((await import("../commands/doctor.ts")).command);
  }

  #call<C extends Runnable>(command: C, options?: CallOptions) {
    return call(this.#place, command, options);
  }
}

/** A remote must come first; without one the command finds it. */
function words(remote: string | undefined, refs: readonly string[] = []): readonly string[] {
  return remote === undefined ? refs : [remote, ...refs];
}
