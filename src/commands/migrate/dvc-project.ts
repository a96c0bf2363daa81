import { posix } from "node:path";
import { openCatFile } from "../../git/cat-file.ts";
import type { Repository } from "../../git/repository.ts";
import { listIndex } from "../../git/tree-scan.ts";
import { type DvcOut, isMap, readOuts } from "../../migrate/dvc-file.ts";
import { stagePath } from "../../pipeline/stage-path.ts";
import type { Problem } from "./report.ts";

/** An output of DVC with its place in the repository. */
export interface PlacedOut extends DvcOut {
  /** Relative to the top. */
  readonly place: string;
  /** The file that names it. */
  readonly source: string;
}

/** A folder's dvc.yaml with its dvc.lock, as plain data. */
export interface DvcPipeline {
  /** `/`-ended, empty for the top. */
  readonly folder: string;
  readonly stages: Readonly<Record<string, unknown>>;
  readonly locked: Readonly<Record<string, unknown>>;
  /** Other keys at the top of dvc.yaml: plots, artifacts, vars, … */
  readonly others: readonly string[];
}

/** What a commit has of DVC. */
export interface DvcProject {
  readonly outs: readonly PlacedOut[];
  /** `.dvc` files that were read. */
  readonly dvcFiles: readonly string[];
  /** Files of DVC's that name something that was not understood: they stay. */
  readonly faulty: ReadonlySet<string>;
  readonly pipelines: readonly DvcPipeline[];
  /** Folders, relative to the top, that have a `.dvc` folder; the top always. */
  readonly roots: readonly string[];
  /** Every path that git itself has. */
  readonly tracked: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

/** A larger file of DVC's is not read. */
const fileLimit = 64 << 20;

/** Reads DVC's files of the index, which are those of HEAD. */
export async function readDvcProject(repository: Repository): Promise<DvcProject> {
  const paths = new Map<string, string>();
  for await (const { path, blob } of listIndex(repository)) paths.set(path.toString("utf8"), blob);
  const reader = new DvcReader();
  const wanted = [...paths].filter(([path]) => isDvcFile(path));
  const cat = await openCatFile(repository);
  try {
    const infos = await cat.info(wanted.map(([, blob]) => blob));
    for (const [i, [path, blob]] of wanted.entries()) {
      if ((infos[i]?.size ?? 0) > fileLimit) reader.blame(path, "is too large to be read");
      else await reader.read(path, (await cat.contents([blob]))[0]?.bytes.toString("utf8") ?? "");
    }
  } finally {
    cat.close();
  }
  const roots = [...paths.keys()].flatMap((path) => /^(.*\/)?\.dvc\/config$/.exec(path)?.slice(1) ?? []);
  const project = reader.project();
  return {
    ...project,
    // What git has is not DVC's, or not any more.
    outs: project.outs.filter(({ place }) => !paths.has(place)),
    tracked: new Set(paths.keys()),
    roots: [...new Set(["", ...roots.map((one) => one ?? "")])],
  };
}

function isDvcFile(path: string): boolean {
  const name = posix.basename(path);
  return (name.endsWith(".dvc") && name !== ".dvc") || name === "dvc.yaml" || name === "dvc.lock";
}

class DvcReader {
  readonly #outs = new Map<string, PlacedOut>();
  readonly #dvcFiles: string[] = [];
  readonly #yamls = new Map<string, Readonly<Record<string, unknown>>>();
  readonly #locks = new Map<string, Readonly<Record<string, unknown>>>();
  readonly #problems: Problem[] = [];
  readonly #faulty = new Set<string>();

  blame(path: string, reason: string): void {
    this.#problems.push({ path, reason });
  }

  async read(path: string, text: string): Promise<void> {
    const { parse } = await import("../../pipeline/yaml.ts");
    let body: unknown;
    try {
      body = parse(text);
    } catch (error) {
      return this.blame(path, `cannot be read: ${(error as Error).message.split("\n")[0]}`);
    }
    if (!isMap(body)) return this.blame(path, "is no map");
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    if (path.endsWith(".dvc")) this.#readDvcFile(path, folder, body);
    else if (path.endsWith("dvc.yaml")) this.#yamls.set(folder, body);
    else this.#locks.set(folder, isMap(body.stages) ? body.stages : "schema" in body ? {} : body);
  }

  project(): Pick<DvcProject, "outs" | "dvcFiles" | "faulty" | "pipelines" | "problems"> {
    for (const [folder, stages] of this.#locks) this.#readLock(folder, stages);
    const pipelines = [...this.#yamls].map(([folder, { stages, ...others }]) => ({
      folder,
      stages: isMap(stages) ? stages : {},
      locked: this.#locks.get(folder) ?? {},
      others: Object.keys(others),
    }));
    return {
      outs: [...this.#outs.values()],
      dvcFiles: this.#dvcFiles,
      faulty: this.#faulty,
      pipelines,
      problems: this.#problems,
    };
  }

  #readDvcFile(path: string, folder: string, body: Readonly<Record<string, unknown>>): void {
    this.#dvcFiles.push(path);
    if (Array.isArray(body.deps) && body.deps.length > 0)
      this.blame(path, "was imported from elsewhere; the data is taken, where it came from is not kept");
    this.#place(body.outs, { source: path, folder: folder + wdirOf(body) });
  }

  #readLock(folder: string, stages: Readonly<Record<string, unknown>>): void {
    const yaml = this.#yamls.get(folder)?.stages;
    for (const [name, locked] of Object.entries(stages)) {
      if (!isMap(locked)) continue;
      // A stage made by foreach or matrix is called <name>@<item>.
      const written = isMap(yaml) ? (yaml[name] ?? yaml[name.split("@")[0] ?? ""]) : undefined;
      const stage = isMap(written) && isMap(written.do) ? written.do : written;
      this.#place(locked.outs, { source: `${folder}dvc.lock`, folder: folder + (isMap(stage) ? wdirOf(stage) : "") });
    }
  }

  #place(list: unknown, { source, folder }: { readonly source: string; readonly folder: string }): void {
    const { outs, faults } = readOuts(list);
    const refuse = (reason: string) => {
      this.#faulty.add(source);
      this.blame(source, reason);
    };
    for (const fault of faults) refuse(`${fault.path}: ${fault.reason}`);
    for (const out of outs) {
      const place = /^(\/|[a-z][a-z0-9+]*:\/\/)/i.test(out.path) ? undefined : stagePath(folder + out.path);
      const other = place === undefined ? undefined : this.#outs.get(place);
      if (place === undefined) refuse(`${JSON.stringify(out.path)} lies outside of the repository`);
      else if (other && other.md5 !== out.md5) refuse(`${place} has other bytes in ${other.source}`);
      else if (out.isCached) this.#outs.set(place, { ...out, place, source });
    }
  }
}

function wdirOf(body: Readonly<Record<string, unknown>>): string {
  return typeof body.wdir === "string" && body.wdir !== "." ? `${body.wdir}/` : "";
}
