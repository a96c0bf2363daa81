import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { S3Backend } from "../../../src/backend/s3/s3-backend.ts";
import { s3Config } from "../../../src/backend/s3/s3-config.ts";
import { type CarelessServer, startCarelessS3 } from "../../helper/careless-s3.ts";
import { failure, pack, read } from "../contract.ts";

describe("an S3 store whose credentials lack a right", () => {
  let server: CarelessServer;
  let denied: (method: string, key: string) => boolean;
  const before = { ...process.env };
  beforeAll(async () => {
    server = await startCarelessS3({ isDenied: (method, key) => denied(method, key) });
    Object.assign(process.env, server.env);
  });
  afterAll(async () => {
    process.env = before;
    await server.stop();
  });

  it.each([
    ["s3:PutObject", "PUT", (backend: S3Backend) => backend.save(pack(), Buffer.from("x"))],
    ["s3:GetObject", "GET", (backend: S3Backend) => read(backend, pack())],
    ["s3:DeleteObject", "DELETE", (backend: S3Backend) => backend.remove(pack())],
  ])("is told which: %s", async (action, method, request) => {
    denied = (asked) => asked === method;
    const backend = new S3Backend(s3Config({ url: "s3://lab/prefix", endpointUrl: server.endpoint }));
    if (method === "GET") await backend.save(pack(), Buffer.from("x"));
    const error = await failure(request(backend));
    expect(error).toMatchObject({ kind: "denied", retryable: false });
    expect(error.message).toMatch(new RegExp(`access denied to ${action} on prefix/packs/\\S+ \\(403 AccessDenied\\)`));
    await backend.close();
  });

  it("finds no object where none is listed, though the server says that it may not be read", async () => {
    denied = (asked, key) => key !== "" && (asked === "GET" || asked === "HEAD");
    const backend = new S3Backend(s3Config({ url: "s3://lab/prefix", endpointUrl: server.endpoint }));
    const absent = pack();
    expect(backend.isNotFound(await failure(read(backend, absent)))).toBe(true);
    expect(backend.isNotFound(await failure(backend.stat(absent)))).toBe(true);
    expect(backend.isNotFound(await failure(backend.stat(absent)))).toBe(true);
    const there = pack();
    await backend.save(there, Buffer.from("x"));
    expect(await failure(read(backend, there))).toMatchObject({ kind: "denied" });
    expect(await failure(backend.stat(there))).toMatchObject({ kind: "denied" });
    await backend.close();
  });

  it("stays denied where neither reading nor listing is allowed", async () => {
    denied = () => true;
    const backend = new S3Backend(s3Config({ url: "s3://lab/prefix", endpointUrl: server.endpoint }));
    expect(await failure(read(backend, pack()))).toMatchObject({ kind: "denied" });
    expect(await failure(backend.stat(pack()))).toMatchObject({ kind: "denied" });
    await backend.close();
  });

  it("is told of the bucket where it may not list", async () => {
    denied = (_, key) => key === "";
    const backend = new S3Backend(s3Config({ url: "s3://lab", endpointUrl: server.endpoint }));
    const list = async () => {
      for await (const _ of backend.list("pack"));
    };
    expect((await failure(list())).message).toContain("access denied to s3:ListBucket on packs/");
    await backend.close();
  });
});
