import { createServer, request } from "node:http";

/**
 * Stands between clients and an S3 server and keeps every root that the server took, whether or not the client lived to hear of it: a bucket itself has
 * only the newest.
 * @returns {Promise<{endpoint: string, roots: object[], stop(): void}>}
 */
export async function recordRoots(endpoint) {
  const roots = [];
  const server = createServer(async (incoming, outgoing) => {
    const parts = [];
    try {
      for await (const part of incoming) parts.push(part);
    } catch {
      // Its sender was killed in the middle.
      return;
    }
    const body = Buffer.concat(parts);
    const { method, url, headers } = incoming;
    const isRoot = method === "PUT" && /\/git\/root\.json(\?|$)/.test(url);
    const onward = request(new URL(url, endpoint), { method, headers }, (answer) => {
      if (isRoot && answer.statusCode === 200) roots.push(JSON.parse(body.toString("utf8")));
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    onward.end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  return { endpoint: `http://127.0.0.1:${server.address().port}`, roots, stop: () => server.closeAllConnections() };
}
