import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { openBackend } from "../../../src/backend/all.ts";
import type { Backend, BackendOptions } from "../../../src/backend/backend.ts";
import { S3Backend } from "../../../src/backend/s3/s3-backend.ts";
import { s3Config } from "../../../src/backend/s3/s3-config.ts";
import { describeWithS3, type S3Server, useServerKeys } from "../../helper/s3-server.ts";
import { failure, git, pack, read } from "../contract.ts";

interface Failed {
  kind?: string;
  hint?: string;
  message: string;
  retryable?: boolean;
}

/** Every request a store makes, as something to try. */
function requests(backend: Backend): (() => Promise<unknown>)[] {
  return [
    () => backend.stat(pack()),
    () => read(backend, pack()),
    () => backend.save(pack(), Buffer.from("x")),
    () => backend.save(pack(), Buffer.alloc(17 << 20)),
    async () => {
      for await (const _ of backend.list("pack"));
    },
    () => backend.remove(pack()),
  ];
}

async function failures(backend: Backend): Promise<Failed[]> {
  const all: Failed[] = [];
  for (const request of requests(backend)) all.push(await failure(request()));
  await backend.close();
  return all;
}

const raw = (options: BackendOptions) => new S3Backend(s3Config(options));

describeWithS3("s3 backend, refused by the server", (start) => {
  let server: S3Server;
  let url: string;
  let restore: () => void;
  beforeAll(async () => {
    restore = useServerKeys();
    server = await start();
    url = `s3://${await server.newBucket()}`;
  });
  afterEach(() => {
    Object.assign(process.env, server.env);
    jest.restoreAllMocks();
  });
  afterAll(() => restore());

  it("says that there is no such bucket, whatever was asked", async () => {
    for (const error of await failures(raw({ url: "s3://no-such-bucket-1", endpointUrl: server.endpoint }))) {
      expect(error).toMatchObject({ kind: "unreachable", retryable: false });
      expect(error.message).toContain("no-such-bucket-1");
      expect(error.message).toContain("no such bucket");
    }
  });

  it("names a wrong access key and a wrong secret, and never shows them", async () => {
    const wrong = [
      { AWS_ACCESS_KEY_ID: "AKIAHUNTER2", what: "access" },
      { AWS_SECRET_ACCESS_KEY: "hunter2", what: "secret" },
    ];
    for (const { what, ...keys } of wrong) {
      Object.assign(process.env, server.env, keys);
      for (const error of await failures(raw({ url, endpointUrl: server.endpoint }))) {
        expect(error).toMatchObject({ kind: "denied", retryable: false });
        expect(error.message).toContain(
          what === "access" ? "does not know this access key" : "the secret key is wrong",
        );
        expect(`${error.message} ${error.hint} ${(error as Error).stack} ${JSON.stringify(error)}`).not.toMatch(
          /hunter2/i,
        );
      }
    }
  });

  it("says that there are no credentials", async () => {
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) delete process.env[name];
    for (const options of [{}, { profile: "nobody" }]) {
      const error = await failure(raw({ url, endpointUrl: server.endpoint, ...options }).stat(pack()));
      expect(error).toMatchObject({ kind: "denied" });
      expect(error.hint).toContain("AWS_PROFILE");
      expect(error.message).toContain("profile" in options ? "for the profile nobody (" : "were found (");
    }
  });

  it("learns the right time from a server whose clock differs", async () => {
    const now = Date.now.bind(Date);
    jest.spyOn(Date, "now").mockImplementation(() => now() + 3 * 3_600_000);
    const error = await failure(raw({ url, endpointUrl: server.endpoint }).save(pack(), Buffer.from("x")));
    expect(error).toMatchObject({ kind: "denied", retryable: true });
    expect(error.message).toContain("clock");
    const backend = await openBackend({ url, endpointUrl: server.endpoint });
    await backend.save(git("clock"), Buffer.from("x"));
    await backend.close();
  });

  it("loses a swap when the object is gone, and a removal when it changed", async () => {
    const backend = raw({ url, endpointUrl: server.endpoint });
    const { tag } = await backend.save(git("x"), Buffer.from("1"));
    await backend.save(git("x"), Buffer.from("2"));
    expect((await failure(backend.remove(git("x"), { ifMatch: tag! }))).kind).toBe("conflict");
    expect((await read(backend, git("x"))).toString()).toBe("2");
    const { tag: second } = await backend.stat(git("x"));
    await backend.remove(git("x"), { ifMatch: second! });
    await backend.remove(git("x"), { ifMatch: second! });
    expect((await failure(backend.save(git("x"), Buffer.from("3"), { ifMatch: second! }))).kind).toBe("conflict");
    await backend.close();
  });
});

describe("s3 backend without a server", () => {
  let restore: () => void;
  let web: Server;
  beforeAll(async () => {
    restore = useServerKeys();
    web = createServer((_, response) => response.end("<html><body>Welcome</body></html>"));
    await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  });
  afterAll(async () => {
    restore();
    web.closeAllConnections();
    await new Promise((resolve) => web.close(resolve));
  });

  it("says that nothing answers there", async () => {
    const errors = await failures(raw({ url: "s3://bucket", endpointUrl: "http://127.0.0.1:1" }));
    for (const error of errors) {
      expect(error).toMatchObject({ kind: "unreachable", retryable: true });
      expect(`${error.message} ${error.hint}`).toMatch(
        /bucket bucket at http:\/\/127\.0\.0\.1:1: nothing answers.*running/,
      );
    }
  });

  it("says that no host has this name", async () => {
    const error: Failed = await failure(
      raw({ url: "s3://bucket", endpointUrl: "http://no-such-host.invalid" }).stat(pack()),
    );
    expect(error.kind).toBe("unreachable");
    expect(error.message).toMatch(/host|name server/);
  });

  it("finds out a web server that is none of S3's", async () => {
    const endpointUrl = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
    const backend = raw({ url: "s3://bucket", endpointUrl });
    const list = async () => {
      for await (const _ of backend.list("pack"));
    };
    expect((await failure(list())).kind).toBe("unreachable");
    await backend.close();
  });

  it("refuses options that make no sense, and keeps secrets out of what it says", () => {
    const bad: Partial<BackendOptions>[] = [
      { url: "s3://" },
      { url: "s3:///prefix" },
      { url: "s3://b" },
      { url: "s3://bucket/a/../b" },
      { url: "s3://bucket/a//b" },
      { url: "s3://bucket/a?versionId=1" },
      { endpointUrl: "127.0.0.1:9000" },
      { endpointUrl: "https://me:hunter2@host" },
      { endpointUrl: "ftp://host" },
      { region: "eu.evil.example/#" },
      { sse: "rot13" },
    ];
    for (const options of bad) {
      let thrown: Failed | undefined;
      try {
        s3Config({ url: "s3://bucket", ...options });
      } catch (error) {
        thrown = error as Failed;
      }
      expect(thrown).toMatchObject({ kind: "setup" });
      expect(`${thrown?.message} ${thrown?.hint}`).not.toContain("hunter2");
    }
  });

  it("accepts s3h: for s3:, and shows bucket, prefix and endpoint", async () => {
    const backend = await openBackend({ url: "s3h://bucket/a/b/", endpointUrl: "http://127.0.0.1:9000/" });
    expect(backend.location).toBe("s3://bucket/a/b/ at http://127.0.0.1:9000");
    await backend.close();
  });
});
