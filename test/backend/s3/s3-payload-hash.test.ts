import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createHttp } from "node:http";
import { Agent, createServer as createHttps } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, describe, expect, it } from "@jest/globals";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { leaveLargePayloadsUnsigned } from "../../../src/backend/s3/s3-payload-hash.ts";

const folder = mkdtempSync(join(tmpdir(), "mlgit-tls-"));
afterAll(() => rmSync(folder, { recursive: true }));

function certificate() {
  const [key, cert] = [join(folder, "key"), join(folder, "cert")];
  const subject = ["-subj", "/CN=127.0.0.1", "-days", "1", "-nodes"];
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-keyout", key, "-out", cert, ...subject], {
    stdio: "ignore",
  });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

/** What a server is told about the hash of the body. */
async function told(scheme: "http" | "https", body: Uint8Array, { md5 = true } = {}): Promise<unknown> {
  let header: unknown;
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    header = request.headers["x-amz-content-sha256"];
    request.resume().on("end", () => response.setHeader("etag", '"x"').end());
  };
  const server = scheme === "http" ? createHttp(answer) : createHttps(certificate(), answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = new S3Client({
    endpoint: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: "id", secretAccessKey: "key" },
    requestChecksumCalculation: "WHEN_REQUIRED",
    requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ rejectUnauthorized: false }) }),
  });
  leaveLargePayloadsUnsigned(client);
  try {
    const ContentMD5 = md5 ? createHash("md5").update(body).digest("base64") : undefined;
    await client.send(new PutObjectCommand({ Bucket: "bucket", Key: "key", Body: body, ContentMD5 }));
    return header;
  } finally {
    client.destroy();
    server.close();
  }
}

describe("the hash of a body that is sent to a bucket", () => {
  it("is that of its bytes where they are few or nothing else covers them", async () => {
    const small = randomBytes(10);
    expect(await told("http", small)).toBe(createHash("sha256").update(small).digest("hex"));
    const large = randomBytes(1_000_000);
    expect(await told("http", large, { md5: false })).toBe(createHash("sha256").update(large).digest("hex"));
  });

  it.each(["http", "https"] as const)("is left to Content-MD5 for large bodies over %s", async (scheme) => {
    expect(await told(scheme, randomBytes(1_000_000))).toBe("UNSIGNED-PAYLOAD");
  });
});
