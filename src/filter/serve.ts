import { isMlgitError } from "../error/mlgit-error.ts";
import type { FilterRequest, FilterScanner } from "../git/filter-scanner.ts";
import { type ContentSink, cleanContent, cleanLarge, type LargeSink } from "./clean.ts";
import { type SmudgeSource, smudgeContent } from "./smudge.ts";

export interface FilterWork extends SmudgeSource {
  /** The answer to clean where git only compares and nothing is to be kept; else undefined, with nothing read. */
  compare?(content: Iterable<Uint8Array>): Uint8Array | undefined;
  /** A sink for one content. */
  ingest(): ContentSink | Promise<ContentSink>;
  /** After that, a sink for the content of a path where it is likely large and better taken in otherwise. */
  ingestLarge?(path: Buffer): LargeSink | undefined;
  /** git has its answer and goes on with its own work: time for ours, as far as it is waited for. */
  answered?(): Promise<void> | undefined;
  /** A request failed and git is told so; the reason is for the user. */
  failed(path: Buffer, error: unknown): void;
}

/**
 * Answers git's requests until it hangs up. A request that fails is answered with `status=error` and reported; the others go on.
 * @throws MlgitError kind `interrupted` when the stream ends inside a request: nothing of that content was stored.
 */
export async function serveFilter(scanner: FilterScanner, work: FilterWork): Promise<void> {
  scanner.handshake();
  for (let request = scanner.next(); request; request = scanner.next()) {
    try {
      if (request.command === "clean") await answerClean(scanner, request, work);
      else if (request.command === "smudge") await answerSmudge(scanner, request, work);
      else scanner.available([]);
    } catch (error) {
      if (isMlgitError(error) && error.kind === "interrupted") throw error;
      work.failed(request.pathname, error);
      scanner.error();
    }
    const busy = work.answered?.();
    if (busy) await busy;
  }
}

async function answerClean(scanner: FilterScanner, { pathname }: FilterRequest, work: FilterWork): Promise<void> {
  const content = scanner.content();
  const compared = work.compare?.(content);
  if (compared) return scanner.success([compared]);
  // Thousands of requests follow each other: only the first waits, and those for large files.
  const first = work.ingest();
  const sink = first instanceof Promise ? await first : first;
  const large = work.ingestLarge?.(pathname);
  if (large) sink.abort();
  scanner.success([large ? await cleanLarge(content, large) : cleanContent(content, sink)]);
}

async function answerSmudge(scanner: FilterScanner, request: FilterRequest, work: FilterWork): Promise<void> {
  const parts: Buffer[] = [];
  for (const part of scanner.content()) parts.push(Buffer.from(part));
  const blob = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
  scanner.success(await smudgeContent(blob, request, work));
}
