import type { Mutability } from "../entity/mutability.ts";
import { call, type Place } from "./call.ts";
import type * as s from "./sharing-reports.ts";

/** Entities that come from other repositories and go to other branches. An entity is a name, `name@version`, `kind/name@version` or a tag. */
export class Sharing {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  /** Brings an entity of any other repository into index and worktree; its origin is recorded in the spec. */
  async import(
    url: string,
    entity: string,
    { dir, ...options }: s.OriginStores & { readonly dir?: string; readonly as?: string } = {},
  ): Promise<s.ImportedEntity> {
    const { command } = await import("../commands/import.ts");
    return call(this.#place, command, { args: [url, entity, ...(dir === undefined ? [] : [dir])], options });
  }

  /** Moves one imported entity on, or all. @throws MlgitError kind `refused` for an origin that is not trusted. */
  async updateImport(
    entity?: string,
    options: s.OriginStores & { readonly trustOrigin?: readonly string[] } = {},
  ): Promise<readonly s.ImportUpdate[]> {
    const { command } = await import("../commands/update-import.ts");
    return (await call(this.#place, command, { args: entity === undefined ? [] : [entity], options: { ...options } }))
      .updates;
  }

  /**
   * Brings files and versions over from another tool. What is missing or could not be carried over is told, not thrown. `names` are refs to rewrite for
   * git-lfs, and ml-git's metadata repositories.
   */
  async migrate(
    from: "git-lfs" | "dvc" | "ml-git",
    names: readonly string[] = [],
    options: s.MigrateOptions = {},
  ): Promise<s.MigrationReport> {
    const { migrations } = await import("../commands/migrate.ts");
    return call(this.#place, migrations[from], { args: names, options: { ...options } });
  }

  /** Copies files into an entity, which is made if it is not there, and commits them as its next version. */
  async register(
    kind: string,
    name: string,
    paths: readonly string[],
    options: {
      readonly layout?: "data" | "versions";
      readonly categories?: readonly string[];
      readonly mutability?: Mutability;
      readonly message?: string;
    } = {},
  ): Promise<s.RegisteredEntity> {
    const { categories, ...rest } = options;
    const { command } = await import("../commands/register.ts");
    return call(this.#place, command, {
      args: [kind, name, ...paths],
      options: { ...rest, ...(categories === undefined ? {} : { categories: categories.join(",") }) },
    });
  }

  /** Pushes a branch that brings a version to `to` (a branch, a remote, or `remote/branch`), with its data: ready for a pull request. */
  async promote(
    entity: string,
    options: { readonly to: string; readonly branch?: string; readonly trustStore?: readonly string[] },
  ): Promise<s.PromotedEntity> {
    const { command } = await import("../commands/promote.ts");
    return call(this.#place, command, { args: [entity], options });
  }
}
