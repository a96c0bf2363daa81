/*
 * gitprotocol-v2. The client is the git that started us; it sends a request and waits for the answer:
 *
 *   request = "command=" key LF  *capability  [delim-pkt *argument] flush-pkt
 *   ls-refs arguments: "peel", "symrefs", "unborn", "ref-prefix <prefix>"
 *   ls-refs answer: *(obj-id-or-unborn SP refname *(SP ref-attribute) LF) flush-pkt
 */
import { MlgitError } from "../error/mlgit-error.ts";
import type { PktReader, PktWriter } from "../git/pkt-line.ts";
import { version } from "../util/version.ts";
import type { Root } from "./root.ts";

export interface FetchService {
  readonly reader: PktReader;
  readonly writer: PktWriter;
  readonly root: Root;
  /** Answers a `fetch` request, given as it came, on the same stream as `writer`. */
  answer(request: Buffer): Promise<void>;
}

/** Serves fetches until git hangs up. */
export async function serveFetch({ reader, writer, root, answer }: FetchService): Promise<void> {
  for (const line of capabilities(root)) writer.line(line);
  writer.flush();
  writer.send();
  for (let request = readRequest(reader); request; request = readRequest(reader)) {
    if (request.command === "ls-refs") {
      for (const line of lsRefs(root, request.args)) writer.line(line);
      writer.flush();
      writer.send();
    } else if (request.command === "fetch") await answer(request.raw);
    else throw new MlgitError("unsupported", `git asked for ${JSON.stringify(request.command)}`);
  }
}

/** What git 2.32 and newer can do in `git upload-pack`; mlgit needs 2.39. */
function capabilities({ objectFormat }: Root): string[] {
  return [
    "version 2",
    `agent=mlgit/${version}`,
    "ls-refs=unborn",
    "fetch=shallow wait-for-done filter",
    "server-option",
    `object-format=${objectFormat}`,
  ];
}

interface Request {
  readonly command: string;
  readonly args: readonly string[];
  /** Packets as they came, the flush included. */
  readonly raw: Buffer;
}

function readRequest(reader: PktReader): Request | undefined {
  const raw: Buffer[] = [];
  const lines: string[] = [];
  let argsFrom = -1;
  for (;;) {
    const kind = reader.next();
    if (kind === "eof") {
      if (raw.length === 0) return undefined;
      throw new MlgitError("interrupted", "the stream from git ended inside a request");
    }
    if (kind === "data") {
      lines.push(reader.line.toString("utf8"));
      raw.push(Buffer.from((reader.payload.length + 4).toString(16).padStart(4, "0"), "latin1"));
      raw.push(Buffer.from(reader.payload));
    } else if (kind === "delim") {
      argsFrom = lines.length;
      raw.push(Buffer.from("0001", "latin1"));
    } else if (lines.length === 0) return undefined;
    else {
      raw.push(Buffer.from("0000", "latin1"));
      break;
    }
  }
  const command = lines.find((line) => line.startsWith("command="))?.slice("command=".length) ?? "";
  return { command, args: argsFrom < 0 ? [] : lines.slice(argsFrom), raw: Buffer.concat(raw) };
}

/** The lines of the answer to `ls-refs`. */
export function lsRefs(root: Root, args: readonly string[]): string[] {
  const prefixes = args.filter((arg) => arg.startsWith("ref-prefix ")).map((arg) => arg.slice("ref-prefix ".length));
  const wants = (name: string) => prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix));
  const target = args.includes("symrefs") ? ` symref-target:${root.head}` : "";
  const head = root.refs.get(root.head);
  const lines: string[] = [];
  if (wants("HEAD") && head !== undefined) lines.push(`${head} HEAD${target}`);
  else if (wants("HEAD") && args.includes("unborn")) lines.push(`unborn HEAD${target}`);
  for (const [name, oid] of root.refs) {
    if (!wants(name)) continue;
    const peeled = args.includes("peel") ? root.peeled.get(name) : undefined;
    lines.push(`${oid} ${name}${peeled === undefined ? "" : ` peeled:${peeled}`}`);
  }
  return lines;
}
