/*
 * git's long-running filter protocol, version 2 (gitattributes "Long Running Filter Process",
 * long-running-process-protocol), seen from the filter. One request is answered before the next is read:
 *
 *   handshake  git> git-filter-client, version=2, flush      filter> git-filter-server, version=2, flush
 *              git> capability=…, flush                      filter> capability=…, flush
 *   request    git> command=clean|smudge, pathname=…, [can-delay=1], [treeish=…], [ref=…], [blob=…], flush, content, flush
 *              git> command=list_available_blobs, flush                                    (no content)
 *   answer     filter> status=success, flush, content, flush, flush      (the empty list keeps the status)
 *              filter> status=error, flush                               (after the content was read)
 *              filter> status=delayed, flush                             (smudge with can-delay only)
 *              filter> pathname=…, …, flush, status=success, flush       (list_available_blobs; no path: no more)
 */
import { MlgitError } from "../error/mlgit-error.ts";
import { type PacketKind, PktReader, PktWriter } from "./pkt-line.ts";

const capabilities = ["clean", "smudge", "delay"] as const;

export interface FilterRequest {
  readonly command: "clean" | "smudge" | "list_available_blobs";
  /** Relative to the worktree's top, as raw bytes: git does not promise any encoding. Empty for `list_available_blobs`. */
  readonly pathname: Buffer;
  readonly canDelay: boolean;
  /** The commit or tree, the ref and the blob that git is checking out, where it knows them. */
  readonly treeish: string | undefined;
  readonly ref: string | undefined;
  readonly blob: string | undefined;
}

type State = "ready" | "content" | "drained";

/** Turns git's packets into requests, and answers into packets. Synchronous; knows nothing of what is in a file. */
export class FilterScanner {
  readonly #in: PktReader;
  readonly #out: PktWriter;
  #state: State = "ready";

  constructor(input: number, output: number) {
    this.#in = new PktReader(input);
    this.#out = new PktWriter(output);
  }

  /** @throws MlgitError kind `unsupported` when the other side is not a git that speaks version 2. */
  handshake(): void {
    const hello = this.#list();
    if (hello?.[0] !== "git-filter-client" || !hello.includes("version=2"))
      throw new MlgitError("unsupported", "git's filter protocol version 2 was not offered", {
        hint: "git itself starts this command; it needs git 2.39 or newer",
      });
    this.#out.line("git-filter-server");
    this.#out.line("version=2");
    this.#out.flush();
    this.#out.send();
    const offered = this.#list() ?? [];
    for (const name of capabilities) if (offered.includes(`capability=${name}`)) this.#out.line(`capability=${name}`);
    this.#out.flush();
    this.#out.send();
  }

  /**
   * The next request, or undefined when git is done. A request that was not answered is a fault of the caller.
   * @throws MlgitError kind `interrupted` when the stream ends inside a request.
   */
  next(): FilterRequest | undefined {
    if (this.#state !== "ready") throw new MlgitError("internal", "a filter request was left without an answer");
    const first = this.#in.next();
    if (first === "eof") return undefined;
    const fields: Fields = {};
    for (let packet: PacketKind = first; packet !== "flush"; packet = this.#in.next()) {
      if (packet !== "data") throw unexpected(packet, "a request");
      const line = this.#in.line;
      const equals = line.indexOf(0x3d);
      if (equals > 0) take(fields, line, equals);
    }
    const request = toRequest(fields);
    this.#state = request.command === "list_available_blobs" ? "drained" : "content";
    return request;
  }

  /**
   * The content that git sent with the request, once. Each view is valid until the next step.
   * @throws MlgitError kind `interrupted` when the stream ends before the content does: what was read then MUST NOT be kept.
   */
  *content(): Generator<Uint8Array, void, void> {
    while (this.#state === "content") {
      const packet = this.#in.next();
      if (packet === "flush") this.#state = "drained";
      else if (packet === "data") yield this.#in.payload;
      else throw unexpected(packet, "the content of a file");
    }
  }

  /**
   * Answers with content. When `content` throws, git is told that the answer failed, and the error is thrown on; `error()` is then
   * not needed (and does nothing).
   */
  success(content: Iterable<Uint8Array>): void {
    this.#drain();
    this.#out.line("status=success");
    this.#out.flush();
    try {
      for (const bytes of content) this.#out.data(bytes);
    } catch (error) {
      this.#out.flush();
      this.#finish("status=error");
      throw error;
    }
    this.#out.flush();
    this.#finish();
  }

  error(): void {
    if (this.#state === "ready") return;
    this.#drain();
    this.#finish("status=error");
  }

  /** Only for a smudge with `canDelay`. git asks again when `available` has named the path, then with empty content. */
  delayed(): void {
    this.#drain();
    this.#finish("status=delayed");
  }

  /** Answers `list_available_blobs`. An empty list tells git that nothing is left. */
  available(paths: readonly Buffer[]): void {
    for (const path of paths) this.#out.line(Buffer.concat([Buffer.from("pathname="), path]));
    this.#out.flush();
    this.#finish("status=success");
  }

  #finish(status?: string): void {
    if (status !== undefined) this.#out.line(status);
    this.#out.flush();
    this.#out.send();
    this.#state = "ready";
  }

  /** git reads nothing before it has written everything: an answer given earlier would stop both for ever. */
  #drain(): void {
    for (const _ of this.content());
  }

  /** Text lines up to a flush. */
  #list(): string[] {
    const lines: string[] = [];
    for (;;) {
      const packet = this.#in.next();
      if (packet === "flush") return lines;
      if (packet !== "data") throw unexpected(packet, "the handshake");
      lines.push(this.#in.line.toString("utf8"));
    }
  }
}

type Fields = { -readonly [key in Exclude<keyof FilterRequest, "command">]?: FilterRequest[key] } & {
  command?: string;
};

/** Lines that we do not know are those of a newer git, and optional. */
function take(fields: Fields, line: Buffer, equals: number): void {
  const value = (encoding: "latin1" | "utf8" = "latin1") => line.toString(encoding, equals + 1);
  const key = line.toString("latin1", 0, equals);
  if (key === "pathname") fields.pathname = Buffer.from(line.subarray(equals + 1));
  else if (key === "ref") fields.ref = value("utf8");
  else if (key === "can-delay") fields.canDelay = value() === "1";
  else if (key === "command" || key === "treeish" || key === "blob") fields[key] = value();
}

function toRequest({ command, pathname, canDelay, treeish, ref, blob }: Fields): FilterRequest {
  if (command !== "clean" && command !== "smudge" && command !== "list_available_blobs")
    throw new MlgitError("unsupported", `git asked the filter for ${JSON.stringify(command)}, which was not offered`);
  return {
    command,
    pathname: pathname ?? Buffer.alloc(0),
    canDelay: canDelay ?? false,
    treeish,
    ref,
    blob,
  };
}

function unexpected(packet: string, where: string): MlgitError {
  if (packet === "eof") return new MlgitError("interrupted", `the stream from git ended inside ${where}`);
  return new MlgitError("corrupt", `an unexpected ${packet} packet from git inside ${where}`);
}
