import { type CatFile, openCatFile } from "./cat-file.ts";
import { attributeOf } from "./check-attributes.ts";
import { gitIn, type Repository } from "./repository.ts";
import { withTemporaryIndex } from "./temporary-index.ts";
import { parseTree, treeMode } from "./tree-object.ts";

/** Commits that some tips reach, parents before children, and the tree of each. */
export async function listHistory(
  repository: Repository,
  tips: readonly string[],
): Promise<{ readonly commit: string; readonly tree: string }[]> {
  const args = ["log", "--topo-order", "--reverse", "--no-show-signature", "--format=%H %T", "--stdin"];
  const { stdout } = await gitIn(repository, args, { input: tips.map((tip) => `${tip}\n`).join("") });
  return stdout
    .toString("latin1")
    .split("\n")
    .flatMap((line) => {
      const [commit, tree] = line.split(" ");
      return commit && tree ? [{ commit, tree }] : [];
    });
}

/** The .gitattributes of a tree: path (latin1) and blob of each. */
export type AttributeState = readonly { readonly path: string; readonly blob: string }[];

export interface HistoryFiles {
  /** Every path (latin1) at which a file that was asked for lies in some tree, with its blobs. */
  readonly paths: ReadonlyMap<string, ReadonlySet<string>>;
  /** Every distinct set of .gitattributes that some commit has. */
  readonly states: readonly AttributeState[];
}

/** Walks every distinct folder of some trees once. `wants` says of which blobs the paths are wanted. */
export async function findInHistory(
  repository: Repository,
  trees: readonly string[],
  wants: (blob: string) => boolean,
): Promise<HistoryFiles> {
  const cat = await openCatFile(repository);
  try {
    const walk = new HistoryWalk(repository, cat, wants);
    const states = new Map<string, AttributeState>();
    for (const tree of new Set(trees)) {
      const state = await walk.folder(tree, "");
      states.set(state.map(({ path, blob }) => `${path}\0${blob}`).join("\0"), state);
    }
    return { paths: walk.paths, states: [...states.values()] };
  } finally {
    cat.close();
  }
}

class HistoryWalk {
  readonly paths = new Map<string, Set<string>>();
  readonly #repository: Repository;
  readonly #cat: CatFile;
  readonly #wants: (blob: string) => boolean;
  readonly #seen = new Map<string, AttributeState>();

  constructor(repository: Repository, cat: CatFile, wants: (blob: string) => boolean) {
    this.#repository = repository;
    this.#cat = cat;
    this.#wants = wants;
  }

  async folder(tree: string, prefix: string): Promise<AttributeState> {
    const key = `${tree} ${prefix}`;
    const known = this.#seen.get(key);
    if (known) return known;
    const [object] = await this.#cat.contents([tree]);
    const state: { path: string; blob: string }[] = [];
    for (const { mode, name, oid } of parseTree(object?.bytes ?? Buffer.alloc(0), this.#repository.objectFormat)) {
      const path = prefix + name.toString("latin1");
      if (mode === treeMode) state.push(...(await this.folder(oid, `${path}/`)));
      else if (mode.startsWith("100")) {
        if (path.endsWith("/.gitattributes") || path === ".gitattributes") state.push({ path, blob: oid });
        if (this.#wants(oid)) this.paths.set(path, (this.paths.get(path) ?? new Set()).add(oid));
      }
    }
    this.#seen.set(key, state);
    return state;
  }
}

/** Of these paths (latin1), those to which one set of .gitattributes gives one of the filters. */
export async function pathsUnder(
  repository: Repository,
  state: AttributeState,
  paths: readonly string[],
  filters: readonly string[],
): Promise<string[]> {
  if (paths.length === 0) return [];
  return withTemporaryIndex(repository, undefined, async (env) => {
    const lines = state.map(({ path, blob }) => Buffer.from(`100644 ${blob}\t${path}\0`, "latin1"));
    await gitIn(repository, ["update-index", "--add", "-z", "--index-info"], { env, input: Buffer.concat(lines) });
    const bytes = paths.map((path) => Buffer.from(path, "latin1"));
    const found = await attributeOf(repository, bytes, { cached: true, env });
    return paths.filter((_, i) => filters.includes(found[i] ?? ""));
  });
}
