/*
 * gitremote-helpers(7). git writes one command a line on our stdin and reads answers from our stdout:
 *
 *   capabilities            → capability lines, blank line
 *   option <name> <value>   → "ok" | "unsupported"
 *   list [for-push]         → "<oid> <ref>" | "@<ref> HEAD" | ":object-format <name>" lines, blank line
 *   connect <service>       → blank line, then the service's own protocol; or "fallback"
 *   fetch <oid> <ref>       → a batch, ended by a blank line → "connectivity-ok", blank line; only after "fallback"
 *   push [+]<src>:<dst>     → a batch, ended by a blank line → "ok <dst>" | "error <dst> <why>" lines, blank line
 */
import { isMlgitError, MlgitError } from "../error/mlgit-error.ts";
import { writeAll } from "../git/fd.ts";
import { History } from "../git/history.ts";
import { LineReader } from "../git/line-reader.ts";
import { answerFromMirror, archiveFromMirror } from "../git/mirror.ts";
import { PktReader, PktWriter } from "../git/pkt-line.ts";
import type { ObjectFormat, Repository } from "../git/repository.ts";
import { compactPacks } from "./compact.ts";
import { type HelperOptions, splitAt } from "./helper-options.ts";
import { giveFromMirror } from "./link-packs.ts";
import type { Mirror } from "./mirror.ts";
import { Push, type PushOptions, type PushOutcome } from "./push.ts";
import { type PushRequest, parsePushRequest } from "./push-rules.ts";
import type { RemoteRepository } from "./remote-repository.ts";
import { notServed } from "./restore-hint.ts";
import { emptyRoot, type Root } from "./root.ts";
import type { Snapshot } from "./root-place.ts";
import { assertSameFormat } from "./same-format.ts";
import { serveFetch } from "./serve-fetch.ts";

export interface HelperTools {
  readonly remote: RemoteRepository;
  /** Set by what git says. */
  readonly options: HelperOptions;
  /** The repository git works on; throws kind `setup` when there is none (`git ls-remote <url>`). */
  repository(): Promise<Repository>;
  /** The full name of the branch that HEAD names. */
  localHead(): Promise<string | undefined>;
  readonly uploadData: PushOptions["uploadData"];
  readonly checkRules: PushOptions["checkRules"];
  /** The folder `objects` of the local repository if nothing is in it and git need not look at what comes; else undefined. */
  emptyObjects(): Promise<string | undefined>;
  /** Of this repository as it is now: in a clone git changes it on the way. */
  objectFormat(): Promise<ObjectFormat>;
  /** For people. */
  warn(text: string): void;
  progress(title: string): { advance(files: number, bytes: number): void; done(): void };
  readonly input: number;
  readonly output: number;
}

/** Short, for the end of git's line; the whole message stands above it. */
const reasons: Readonly<Record<string, string>> = {
  missing: "data is missing",
  unreachable: "the store cannot be reached",
  denied: "the store denies it",
  refused: "it breaks the rules named above",
  interrupted: "interrupted",
};

/** One run of the helper. */
export class Helper {
  readonly #tools: HelperTools;
  readonly #lines: LineReader;
  #listed: Snapshot | undefined;
  readonly #options: HelperOptions;
  /** The folder `objects` of a new clone, once git was told to use `fetch`. */
  #linkInto: string | undefined;
  readonly #given: string[] = [];

  constructor(tools: HelperTools) {
    this.#tools = tools;
    this.#options = tools.options;
    this.#lines = new LineReader(tools.input);
  }

  /** Serves git until it has no more commands. */
  async run(): Promise<void> {
    for (let line = this.#lines.next(); line !== undefined && line !== ""; line = this.#lines.next()) {
      const [verb = "", rest = ""] = splitAt(line, " ");
      if (verb === "capabilities")
        this.#say("connect", "fetch", "push", "option", "object-format", "check-connectivity", "");
      else if (verb === "option") this.#say(this.#options.set(...splitAt(rest, " ")));
      else if (verb === "list") this.#say(...(await this.#list(rest === "for-push")), "");
      else if (verb === "push") await this.#push(rest);
      else if (verb === "fetch") await this.#fetch(rest);
      else if (verb !== "connect") throw new MlgitError("unsupported", `git sent ${JSON.stringify(line)}`);
      else if (await this.#connect(rest)) return;
    }
  }

  /** True when the stream was the service's, and is over. */
  async #connect(service: string): Promise<boolean> {
    if (service === "git-upload-pack") {
      // After "fallback" git asks once more.
      const snapshot = this.#listed ?? (await this.#tools.remote.readExisting());
      this.#linkInto ??= await this.#linkTarget(snapshot);
      this.#listed = snapshot;
      this.#say(this.#linkInto ? "fallback" : "");
      if (!this.#linkInto) await this.#serveFetch(snapshot);
      return this.#linkInto === undefined;
    }
    if (service === "git-upload-archive") {
      const mirror = await this.#mirror(await this.#tools.remote.readExisting());
      this.#say("");
      await archiveFromMirror(mirror.path);
      return true;
    }
    this.#say("fallback");
    return false;
  }

  /** A clone of everything needs no packing and unpacking: it links to the files of the mirror. */
  async #linkTarget({ root }: Snapshot): Promise<string | undefined> {
    // An empty repository can only tell its HEAD by the protocol.
    if (this.#options.partial || root.refs.size === 0) return undefined;
    return this.#tools.emptyObjects();
  }

  /** A batch of `fetch <oid> <ref>` lines, for what a new clone asks for. */
  async #fetch(first: string): Promise<void> {
    const wanted = new Set<string>();
    for (let line: string | undefined = `fetch ${first}`; line; line = this.#lines.next())
      wanted.add(line.split(" ")[1] ?? "");
    const snapshot = this.#listed;
    if (!snapshot || !this.#linkInto) throw new MlgitError("unsupported", "git sent fetch before list");
    // A clone has taken over the remote's by now; into another empty repository git would let in what it cannot read.
    assertSameFormat(snapshot.root, await this.#tools.objectFormat(), "git clone makes a repository like it");
    const mirror = await this.#mirror(snapshot);
    const keep = await giveFromMirror(mirror, this.#linkInto, {
      refs: snapshot.root.refs,
      wanted,
      given: this.#given,
    });
    this.#given.push(...wanted);
    this.#say(...(keep ? [`lock ${keep}`] : []), ...(this.#options.checkConnectivity ? ["connectivity-ok"] : []), "");
  }

  async #serveFetch(snapshot: Snapshot): Promise<void> {
    let mirror: Mirror | undefined;
    await serveFetch({
      reader: new PktReader(this.#tools.input),
      writer: new PktWriter(this.#tools.output),
      root: snapshot.root,
      answer: async (request) => {
        mirror ??= await this.#mirror(snapshot);
        await this.#answer(mirror, request);
      },
    });
  }

  async #answer(mirror: Mirror, request: Buffer): Promise<void> {
    try {
      await answerFromMirror(mirror.path, request);
    } catch (error) {
      if (await mirror.isSound()) throw notServed(error);
      mirror.discard();
      throw new MlgitError("corrupt", `the local copy of ${this.#tools.remote.url} was damaged and has been removed`, {
        path: mirror.path,
        hint: "run the same command again: it is made anew",
        cause: error,
      });
    }
  }

  async #mirror(snapshot: Snapshot): Promise<Mirror> {
    const progress = this.#tools.progress("Receiving packs");
    try {
      return await this.#tools.remote.syncedMirror(snapshot, (bytes) => progress.advance(0, bytes));
    } finally {
      progress.done();
    }
  }

  async #list(forPush: boolean): Promise<string[]> {
    const { remote } = this.#tools;
    const found = this.#linkInto
      ? this.#listed
      : forPush
        ? await remote.read().catch((error) => {
            if (!remote.mayBegin(error)) throw error;
            return undefined;
          })
        : await remote.readExisting();
    this.#listed = found;
    const format = this.#options.objectFormat;
    if (!found) return format ? [`:object-format ${(await this.#tools.repository()).objectFormat}`] : [];
    const { refs, head, objectFormat } = found.root;
    return [
      ...(format ? [`:object-format ${objectFormat}`] : []),
      // A server does not offer HEAD to a push either: --mirror would delete it.
      ...(refs.has(head) && !forPush ? [`@${head} HEAD`] : []),
      ...[...refs].map(([name, oid]) => `${oid} ${name}`),
    ];
  }

  async #push(first: string): Promise<void> {
    const requests: PushRequest[] = [];
    for (let line: string | undefined = `push ${first}`; line; line = this.#lines.next()) {
      const request = line.startsWith("push ") ? parsePushRequest(line.slice(5)) : undefined;
      if (!request) throw new MlgitError("unsupported", `git sent ${JSON.stringify(line)}`);
      requests.push(request);
    }
    const outcome = await this.#pushAll(requests).catch((error) => this.#failed(requests, error));
    const lines = requests.map(({ target }) => {
      const why = outcome.get(target);
      return why === undefined ? `ok ${target}` : `error ${target} ${why}`;
    });
    this.#say(...lines, "");
  }

  async #pushAll(requests: readonly PushRequest[]): Promise<PushOutcome> {
    const { remote, uploadData, checkRules } = this.#tools;
    const repository = await this.#tools.repository();
    const { dryRun, atomic, leases } = this.#options;
    const listed = await this.#target(repository);
    assertSameFormat(listed.root, repository.objectFormat, "push to another prefix");
    const history = await History.open(repository);
    try {
      const localHead = await this.#tools.localHead();
      const compact = (root: Root) => compactPacks(root, remote);
      const options = { dryRun, atomic, leases, localHead, uploadData, checkRules, compact };
      return await new Push(remote, history, options).run(requests, listed);
    } finally {
      history.close();
    }
  }

  /** git prints a line for each ref, which says more than that the helper is gone. */
  #failed(requests: readonly PushRequest[], error: unknown): PushOutcome {
    if (!isMlgitError(error) || error.kind === "internal") throw error;
    this.#tools.warn(error.hint ? `${error.message}\nhint: ${error.hint}` : error.message);
    const why = reasons[error.kind] ?? error.message.split("\n", 1)[0] ?? "";
    return new Map(requests.map(({ target }) => [target, why]));
  }

  /** What git was told, or a new repository; with --dry-run nothing is made. */
  async #target({ objectFormat }: Repository): Promise<Snapshot> {
    if (this.#listed) return this.#listed;
    if (this.#options.dryRun) return { root: emptyRoot("none", objectFormat), tag: undefined, at: performance.now() };
    return this.#tools.remote.readOrCreate(objectFormat);
  }

  #say(...lines: readonly string[]): void {
    writeAll(this.#tools.output, [Buffer.from(lines.map((line) => `${line}\n`).join(""))]);
  }
}
