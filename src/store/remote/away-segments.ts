import type { Backend, FileInfo } from "../../backend/backend.ts";
import { isMlgitError } from "../../error/mlgit-error.ts";
import { RemoteSegment } from "../index/remote-segment.ts";
import type { FileRow } from "../index/segment.ts";
import { loadRange } from "./load-bytes.ts";
import type { PackInfo } from "./pack-info.ts";

/** The segments of a store that are asked where they lie, by ranges. */
export class AwaySegments {
  #infos: readonly FileInfo[];
  readonly #backend: Backend | undefined;
  readonly #opened = new Map<string, Promise<RemoteSegment>>();
  readonly #packs = new Map<string, PackInfo>();
  /** Which segment said that it has a file. */
  readonly #claims = new Map<string, FileInfo>();

  constructor(infos: readonly FileInfo[] = [], backend?: Backend) {
    this.#infos = infos;
    this.#backend = backend;
  }

  get count(): number {
    return this.#infos.length;
  }

  /** What bringing all of them would move. */
  get bytes(): number {
    return this.#infos.reduce((sum, info) => sum + info.size, 0);
  }

  /** Looks up oids: `keys` are 32 bytes each, ascending. */
  async findFiles(
    keys: Buffer,
    take: (row: FileRow, packs: readonly PackInfo[]) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    await Promise.all(
      this.#infos.map(async (info) => {
        const { rows, packs } = await this.#ask(info, (segment) => segment.findFiles(keys), signal);
        for (const row of rows) {
          this.#claims.set(row.oid, info);
          take(row, packs);
        }
        // A manifest in this segment leads to no pack that the segment does not list.
        for (const pack of packs) this.#packs.set(pack.id, pack);
      }),
    );
  }

  /** Id of a segment that said that it has this file. */
  claimOf(oid: string): string | undefined {
    return this.#claims.get(oid)?.handle.name;
  }

  /** The segments that said that they have one of these files, which nothing has proven. */
  claimants(oids: Iterable<string>): FileInfo[] {
    const found = new Set<FileInfo>();
    for (const oid of oids) {
      const info = this.#claims.get(oid);
      if (info && this.#infos.includes(info)) found.add(info);
    }
    return [...found];
  }

  /** Asks this segment no more. */
  drop(info: FileInfo): void {
    this.#infos = this.#infos.filter((one) => one !== info);
  }

  /** Ids of segments that one of these contains entirely. */
  async superseded(signal?: AbortSignal): Promise<string[]> {
    const lists = this.#infos.map((info) => this.#ask(info, (segment) => segment.supersedes(), signal));
    return (await Promise.all(lists)).flat();
  }

  /** A pack that a segment lists which had something. */
  findPack(id: string): PackInfo | undefined {
    return this.#packs.get(id);
  }

  /** Once more when it looks damaged: that may be so on the way only. */
  async #ask<T>(info: FileInfo, ask: (segment: RemoteSegment) => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await ask(await this.#open(info, signal));
    } catch (error) {
      if (!isMlgitError(error) || error.kind !== "corrupt") throw error;
      this.#opened.delete(info.handle.name);
      return ask(await this.#open(info, signal));
    }
  }

  #open({ handle, size }: FileInfo, signal?: AbortSignal): Promise<RemoteSegment> {
    const backend = this.#backend as Backend;
    const load = (offset: number, length: number) =>
      length === 0
        ? Promise.resolve(Buffer.alloc(0))
        : loadRange(backend, handle, { start: offset, end: offset + length }, { signal });
    const opened = this.#opened.get(handle.name) ?? RemoteSegment.open(load, { id: handle.name, size });
    this.#opened.set(handle.name, opened);
    return opened;
  }
}

/** Ids in hex, sorted, as the bytes that a batch look-up takes. */
export function keysOf(ids: readonly string[]): Buffer {
  return Buffer.from(ids.join(""), "hex");
}
