import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Backend, BackendOptions } from "../../backend/backend.ts";
import { isMlgitError, MlgitError } from "../../error/mlgit-error.ts";
import { isCidOf } from "../../migrate/cid.ts";
import type { Attempt, ForeignContent } from "../../migrate/collect-contents.ts";
import { isMap } from "../../migrate/dvc-file.ts";
import { localObject, type MlGitLink, parseDescriptor, pieceLimit, textLimit } from "../../migrate/ml-git-format.ts";
import { takeIn } from "../../migrate/take-in.ts";
import type { Cache } from "../../store/local/cache.ts";
import type { Context } from "../command.ts";

export interface MlGitContent extends ForeignContent {
  /** As specs have them: `s3h://bucket`. */
  readonly storages: ReadonlySet<string>;
}

export interface StorageOptions {
  /** A project of ml-git on this machine: its objects are read, and its configuration says how to reach buckets. */
  readonly project: string | undefined;
  /** In place of what specs name. */
  readonly from: BackendOptions | undefined;
  /** How to reach what specs name. */
  readonly server: Omit<BackendOptions, "url">;
}

/** Pieces of one file that are asked for before they are needed. */
const ahead = 8;

/** Objects of ml-git: in a project's own folder, and in buckets, where the key is the CID. Everything that comes out was verified. */
export class MlGitStorages {
  readonly #context: Context;
  readonly #options: StorageOptions;
  readonly #config: unknown;
  readonly #backends = new Map<string, Promise<Backend>>();

  private constructor(context: Context, options: StorageOptions, config: unknown) {
    this.#context = context;
    this.#options = options;
    this.#config = config;
  }

  static async open(context: Context, options: StorageOptions): Promise<MlGitStorages> {
    const file = options.project === undefined ? undefined : join(options.project, ".ml-git", "config.yaml");
    const text = file !== undefined && isFile(file) ? readFileSync(file, "utf8") : "";
    const { load } = await import("js-yaml");
    return new MlGitStorages(context, options, text === "" ? {} : load(text));
  }

  async close(): Promise<void> {
    for (const backend of this.#backends.values()) await (await backend.catch(() => undefined))?.close();
  }

  /** Whether the project has the descriptor: what a dry run can say without asking anybody. */
  hasLocally(cid: string): boolean {
    return this.#localFiles(cid).some(isFile);
  }

  /** Assembles a file from its descriptor and pieces. */
  async take({ name, storages }: MlGitContent, cache: Cache): Promise<Attempt> {
    const reader = new ObjectReader(this, storages);
    try {
      const links = parseDescriptor(await reader.read(name, textLimit), name);
      let size = 0;
      const verifier = {
        update: (part: Uint8Array) => {
          size += part.length;
        },
        isRight: () => size === links.reduce((sum, link) => sum + link.size, 0),
      };
      const pointer = await takeIn(pieces(links, reader), verifier, cache);
      if (pointer) return { pointer, origin: reader.wasRemote ? "fetched" : "copied" };
      return { pointer: undefined, reason: `${name}: its pieces are not as long as it says` };
    } catch (error) {
      if (isMlgitError(error) && (error.kind === "missing" || error.kind === "corrupt"))
        return { pointer: undefined, reason: error.message };
      throw error;
    }
  }

  /** The bytes of an object, from the project or a bucket; undefined where none has it. `damaged` is told of copies with other bytes. */
  async object(
    cid: string,
    { storages, limit, damaged }: { storages: ReadonlySet<string>; limit: number; damaged: (where: string) => void },
  ): Promise<{ readonly bytes: Buffer; readonly remote: boolean } | undefined> {
    for (const file of this.#localFiles(cid).filter(isFile)) {
      const bytes = statSync(file).size <= limit ? readFileSync(file) : Buffer.alloc(0);
      if (isCidOf(cid, bytes)) return { bytes, remote: false };
      damaged(file);
    }
    for (const storage of this.#options.from ? [""] : storages) {
      const backend = await this.#backend(storage);
      const bytes = await loadPlain(backend, cid, limit, this.#context.signal);
      if (bytes && isCidOf(cid, bytes)) return { bytes, remote: true };
      if (bytes) damaged(backend.location);
    }
    return undefined;
  }

  #localFiles(cid: string): string[] {
    const { project } = this.#options;
    if (project === undefined) return [];
    return ["datasets", "labels", "models"].map((kind) => join(project, ".ml-git", kind, "objects", localObject(cid)));
  }

  #backend(storage: string): Promise<Backend> {
    const known = this.#backends.get(storage);
    if (known) return known;
    const opened = this.#open(this.#options.from ?? this.#optionsOf(storage));
    this.#backends.set(storage, opened);
    return opened;
  }

  async #open(options: BackendOptions): Promise<Backend> {
    const backend = await this.#context.openBackend(options);
    this.#context.info(`data is read from ${backend.location}`);
    return backend;
  }

  /** What ml-git's configuration says of a bucket: `storages: <type>: <bucket>: {aws-credentials: {profile}, endpoint-url, region, …}`. */
  #optionsOf(storage: string): BackendOptions {
    const [, type = "", bucket = ""] = /^([a-z0-9]+):\/\/(.*)$/.exec(storage) ?? [];
    const storages = isMap(this.#config) ? (this.#config.storages ?? this.#config.store) : undefined;
    const ofType = isMap(storages) ? storages[type] : undefined;
    const entry = isMap(ofType) && isMap(ofType[bucket]) ? (ofType[bucket] as Record<string, unknown>) : {};
    const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
    const endpoint = text(entry["endpoint-url"]);
    const { server } = this.#options;
    if (type === "sftph" && endpoint !== undefined) {
      const user = text(entry.username);
      const port = typeof entry.port === "number" ? `:${entry.port}` : "";
      return { url: `sftp://${user === undefined ? "" : `${user}@`}${endpoint}${port}/${bucket.replace(/^\/+/, "")}` };
    }
    const credentials = isMap(entry["aws-credentials"]) ? entry["aws-credentials"] : {};
    const region = text(entry.region);
    const profile = text(credentials.profile);
    return {
      url: storage,
      ...(endpoint === undefined ? {} : { endpointUrl: endpoint }),
      ...(region === undefined ? {} : { region }),
      ...(profile === undefined ? {} : { profile }),
      ...server,
    };
  }
}

/** Reads the objects of one file, and remembers where from. */
class ObjectReader {
  wasRemote = false;
  readonly #storages: MlGitStorages;
  readonly #names: ReadonlySet<string>;

  constructor(storages: MlGitStorages, names: ReadonlySet<string>) {
    this.#storages = storages;
    this.#names = names;
  }

  async read(cid: string, limit: number): Promise<Buffer> {
    const bad: string[] = [];
    const found = await this.#storages.object(cid, {
      storages: this.#names,
      limit,
      damaged: (where) => bad.push(where),
    });
    if (!found) throw missing(cid, bad);
    this.wasRemote ||= found.remote;
    return found.bytes;
  }
}

function missing(cid: string, bad: readonly string[]): MlgitError {
  const what = bad.length > 0 ? `${cid} is damaged in ${bad.join(", ")}` : `${cid} is nowhere to be found`;
  return new MlgitError(bad.length > 0 ? "corrupt" : "missing", what, { path: cid });
}

async function* pieces(links: readonly MlGitLink[], reader: ObjectReader): AsyncGenerator<Buffer> {
  const started: Promise<Buffer>[] = [];
  let next = 0;
  const start = () => {
    const link = links[next++];
    if (!link) return;
    const piece = reader.read(link.cid, pieceLimit);
    // It may fail while an earlier one is still awaited.
    piece.catch(() => {});
    started.push(piece);
  };
  for (let i = 0; i < ahead; i++) start();
  for (let piece = started.shift(); piece; piece = started.shift()) {
    start();
    yield await piece;
  }
}

async function loadPlain(
  backend: Backend,
  name: string,
  limit: number,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const gather = async (body: AsyncIterable<Uint8Array>) => {
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of body) {
      size += part.length;
      // Too much to be right; its hash then says so.
      if (size > limit) return Buffer.alloc(0);
      parts.push(part);
    }
    return Buffer.concat(parts);
  };
  try {
    return await backend.load({ type: "plain", name }, undefined, gather, signal);
  } catch (error) {
    if (backend.isNotFound(error)) return undefined;
    throw error;
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
