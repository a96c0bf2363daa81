// A bucket in memory, for `train.mjs` alone: as much of S3 as a push and a clone of some small files ask for. Says its port on standard output, and ends with
// its standard input.
import { createHash } from "node:crypto";
import { createServer } from "node:http";

const objects = new Map();
const server = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => answer(request, Buffer.concat(parts), response));
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
process.stdin.resume().on("end", () => process.exit());

function answer({ method, url, headers }, body, response) {
  const { pathname, searchParams } = new URL(url, "http://bucket");
  const key = decodeURIComponent(pathname);
  if (searchParams.has("list-type")) list(`${key.replace(/\/$/, "")}/`, searchParams.get("prefix") ?? "", response);
  else if (method === "PUT") put(key, body, headers, response);
  else if (method === "DELETE") remove(key, response);
  else if (method === "GET" || method === "HEAD") get(key, headers, response);
  else end(response, 501);
}

function put(key, body, headers, response) {
  const before = objects.get(key);
  const refused = headers["if-match"] ? before?.etag !== headers["if-match"] : headers["if-none-match"] && before;
  if (refused) return fail(response, 412, "PreconditionFailed");
  const etag = `"${createHash("md5").update(body).digest("hex")}"`;
  objects.set(key, { body, etag, modified: new Date() });
  end(response, 200, { ETag: etag });
}

function remove(key, response) {
  objects.delete(key);
  end(response, 204);
}

function get(key, { range }, response) {
  const object = objects.get(key);
  if (!object) return fail(response, 404, "NoSuchKey");
  const { body, etag, modified } = object;
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
  const head = { ETag: etag, "Last-Modified": modified.toUTCString(), "Accept-Ranges": "bytes" };
  if (from === undefined) return end(response, 200, head, body);
  const part = body.subarray(Number(from), Number(to) + 1);
  const place = `bytes ${from}-${Number(from) + part.length - 1}/${body.length}`;
  end(response, 206, { ...head, "Content-Range": place }, part);
}

function list(bucket, prefix, response) {
  const found = [...objects].filter(([key]) => key.startsWith(bucket + prefix)).sort();
  const rows = found.map(
    ([key, { body, etag, modified }]) =>
      `<Contents><Key>${key.slice(bucket.length)}</Key><LastModified>${modified.toISOString()}</LastModified>` +
      `<ETag>${etag}</ETag><Size>${body.length}</Size></Contents>`,
  );
  const text = `<Name>train</Name><KeyCount>${rows.length}</KeyCount><IsTruncated>false</IsTruncated>${rows.join("")}`;
  end(response, 200, { "Content-Type": "application/xml" }, `<ListBucketResult>${text}</ListBucketResult>`);
}

function fail(response, status, code) {
  end(response, status, { "Content-Type": "application/xml" }, `<Error><Code>${code}</Code></Error>`);
}

function end(response, status, headers = {}, body = "") {
  response.writeHead(status, { "Content-Length": Buffer.byteLength(body), ...headers });
  response.end(response.req.method === "HEAD" ? undefined : body);
}
