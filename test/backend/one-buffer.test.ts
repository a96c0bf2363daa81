import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { readIntoOneBuffer } from "../../src/backend/one-buffer.ts";
import { randomBytesOf } from "../helper/random.ts";

const bytes = randomBytesOf(1, 3_000_000);
const hashOf = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");

/** A self-signed certificate for 127.0.0.1. */
function certificate(folder: string): { key: Buffer; cert: Buffer } {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  const made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", cert];
  execFileSync("openssl", [...made, ...subject], { stdio: "ignore" });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

const root = mkdtempSync(join(tmpdir(), "mlgit-one-buffer-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

it("gives all sockets of an agent the same buffer", () => {
  const given: { onread?: { buffer: Buffer } }[] = [];
  class Recording extends http.Agent {
    override createConnection(options: object) {
      given.push(options);
      return undefined;
    }
  }
  const agent = readIntoOneBuffer(new Recording());
  for (let i = 0; i < 2; i++) (agent as Recording).createConnection({ port: 1 });
  expect(given[0]?.onread?.buffer).toHaveLength(256 << 10);
  expect(given[1]?.onread?.buffer).toBe(given[0]?.onread?.buffer);
});

describe.each(["http", "https"] as const)("an agent whose sockets read into one buffer, by %s", (scheme) => {
  let server: http.Server | https.Server;
  let agent: http.Agent;
  const sockets = new Set<Socket>();

  beforeAll(async () => {
    const answer: http.RequestListener = (request, response) => {
      sockets.add(request.socket);
      if (request.url === "/cut") {
        response.writeHead(200, { "content-length": bytes.length });
        response.write(bytes.subarray(0, 1_000_000), () => request.socket.destroy());
      } else if (request.url === "/chunked") {
        for (let at = 0; at < bytes.length; at += 70_001) response.write(bytes.subarray(at, at + 70_001));
        response.end();
      } else response.end(bytes);
    };
    const identity = scheme === "https" ? certificate(root) : undefined;
    server = identity ? https.createServer(identity, answer) : http.createServer(answer);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const options = { keepAlive: true, maxSockets: 4, ...(identity && { ca: identity.cert }) };
    agent = readIntoOneBuffer(scheme === "https" ? new https.Agent(options) : new http.Agent(options));
  });
  afterAll(async () => {
    agent.destroy();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  function request(path = "/"): Promise<http.IncomingMessage> {
    const { get } = scheme === "https" ? https : http;
    const url = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
    return new Promise((resolve, reject) => get(url, { agent }, resolve).on("error", reject));
  }

  async function read(path?: string): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of await request(path)) parts.push(part as Buffer);
    return Buffer.concat(parts);
  }

  it("gets many bodies beside each other, none mixed with another, over few connections", async () => {
    sockets.clear();
    const paths = Array.from({ length: 24 }, (_, i) => (i % 2 === 0 ? "/" : "/chunked"));
    const bodies = await Promise.all(paths.map(read));
    expect(new Set(bodies.map(hashOf))).toEqual(new Set([hashOf(bytes)]));
    expect(sockets.size).toBeLessThanOrEqual(4);
  });

  it("waits for a reader that is slow", async () => {
    const parts: Buffer[] = [];
    for await (const part of await request()) {
      parts.push(part as Buffer);
      await new Promise((done) => setTimeout(done, 1));
    }
    expect(hashOf(Buffer.concat(parts))).toBe(hashOf(bytes));
  });

  it("says of a body that is cut off that it is", async () => {
    await expect(read("/cut")).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(hashOf(await read())).toBe(hashOf(bytes));
  });
});
