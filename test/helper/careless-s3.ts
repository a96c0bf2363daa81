import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface CarelessServer {
  readonly endpoint: string;
  /** Environment for programs that speak to it. It believes every key. */
  readonly env: Readonly<Record<string, string>>;
  readonly keys: () => string[];
  stop(): Promise<void>;
}

export interface CarelessOptions {
  /** While it says so there is no bucket. */
  readonly isMissing?: () => boolean;
  /** Which requests it has no right for, by method and key (empty for the bucket's). */
  readonly isDenied?: (method: string, key: string) => boolean;
  /** Looks at conditions after all. */
  readonly keepsConditions?: boolean;
  /** Told of an object that is written, before and after it is there. True cuts the connection, and nobody gets an answer. */
  readonly onPut?: (key: string, stage: "before" | "after") => boolean;
}

/** An S3 server that answers yes to everything: conditions of requests are not looked at. One bucket, whatever it is called. */
export async function startCarelessS3({
  isMissing = () => false,
  isDenied = () => false,
  keepsConditions = false,
  onPut = () => false,
}: CarelessOptions = {}): Promise<CarelessServer> {
  const objects = new Map<string, StoredObject>();
  const put = async (key: string, request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts);
    const etag = `"${createHash("md5").update(body).digest("hex")}"`;
    if (keepsConditions && breaksCondition(request, objects.get(key)))
      return void response.writeHead(412).end("<Error><Code>PreconditionFailed</Code></Error>");
    if (onPut(key, "before")) return void request.socket.destroy();
    objects.set(key, { body, etag, modified: new Date() });
    if (onPut(key, "after")) return void request.socket.destroy();
    response.writeHead(200, { ETag: etag }).end();
  };
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "/", "http://server");
    if (isMissing()) return void response.writeHead(404).end("<Error><Code>NoSuchBucket</Code></Error>");
    const key = decodeURIComponent(url.pathname.split("/").slice(2).join("/"));
    if (isDenied(request.method ?? "", key))
      return void response
        .writeHead(403)
        .end(request.method === "HEAD" ? "" : "<Error><Code>AccessDenied</Code></Error>");
    if (key === "") return list(url, objects, response);
    if (request.method === "PUT") return put(key, request, response);
    if (request.method === "DELETE") {
      objects.delete(key);
      return void response.writeHead(204).end();
    }
    const found = objects.get(key);
    if (!found) return void response.writeHead(404).end("<Error><Code>NoSuchKey</Code></Error>");
    send(request, response, found);
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    env: { AWS_ACCESS_KEY_ID: "anybody", AWS_SECRET_ACCESS_KEY: "anything", AWS_REGION: "us-east-1" },
    keys: () => [...objects.keys()].sort(),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface StoredObject {
  readonly body: Buffer;
  readonly etag: string;
  readonly modified: Date;
}

function breaksCondition({ headers }: IncomingMessage, now: StoredObject | undefined): boolean {
  if (headers["if-none-match"] === "*") return now !== undefined;
  return headers["if-match"] !== undefined && headers["if-match"] !== now?.etag;
}

function send(request: IncomingMessage, response: ServerResponse, { body, etag, modified }: StoredObject): void {
  const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const head = { ETag: etag, "Last-Modified": modified.toUTCString() };
  if (from === "" && to === "") {
    response.writeHead(200, { ...head, "Content-Length": body.length });
    return void response.end(request.method === "HEAD" ? undefined : body);
  }
  const start = from === "" ? Math.max(0, body.length - Number(to)) : Number(from);
  const end = from === "" || to === "" ? body.length : Math.min(body.length, Number(to) + 1);
  const range = { "Content-Length": end - start, "Content-Range": `bytes ${start}-${end - 1}/${body.length}` };
  response.writeHead(206, { ...head, ...range }).end(body.subarray(start, end));
}

function list(url: URL, objects: ReadonlyMap<string, StoredObject>, response: ServerResponse): void {
  const prefix = url.searchParams.get("prefix") ?? "";
  const found = [...objects].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1));
  const contents = found.map(
    ([key, { body, etag, modified }]) =>
      `<Contents><Key>${key}</Key><Size>${body.length}</Size><ETag>${etag}</ETag><LastModified>${modified.toISOString()}</LastModified></Contents>`,
  );
  response
    .writeHead(200, { "Content-Type": "application/xml" })
    .end(`<ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated>${contents.join("")}</ListBucketResult>`);
}
