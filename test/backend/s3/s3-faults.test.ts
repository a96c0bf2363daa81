import { createHash, randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, it } from "@jest/globals";
import { wrapBackend } from "../../../src/backend/all.ts";
import type { Backend } from "../../../src/backend/backend.ts";
import { S3Backend, type S3Settings } from "../../../src/backend/s3/s3-backend.ts";
import { s3Config } from "../../../src/backend/s3/s3-config.ts";
import { describeWithS3, useServerKeys } from "../../helper/s3-server.ts";
import { FaultProxy } from "../../server/fault-proxy.ts";
import { failure, git, names, pack, read } from "../contract.ts";

const impatient = { idleTimeout: 700, connectTimeout: 700 };

describeWithS3("s3 backend on a bad line", (start) => {
  let proxy: FaultProxy;
  let bucket: string;
  let direct: Backend;
  let backend: Backend;
  let restore: () => void;
  const opened: Backend[] = [];

  const open = (endpointUrl: string, settings: Partial<S3Settings> = {}) => {
    const raw = new S3Backend(s3Config({ url: `s3://${bucket}/p`, endpointUrl }), settings);
    opened.push(raw);
    return raw;
  };
  const throughProxy = (settings?: Partial<S3Settings>) => open(`http://127.0.0.1:${proxy.port}`, settings);

  beforeAll(async () => {
    restore = useServerKeys();
    const server = await start();
    bucket = await server.newBucket();
    proxy = await FaultProxy.start(Number(new URL(server.endpoint).port));
    direct = open(server.endpoint);
    backend = wrapBackend(throughProxy());
  });
  afterEach(() => proxy.set({}));
  afterAll(async () => {
    for (const one of opened) await one.close();
    await proxy?.close();
    restore();
  });

  it("waits and tries again when the server asks to slow down", async () => {
    const handle = pack();
    proxy.set({ busy: 3 });
    await backend.save(handle, Buffer.from("x"));
    expect(proxy.requests).toHaveLength(4);
    expect((await read(direct, handle)).toString()).toBe("x");
  });

  it("waits as long as Retry-After says", async () => {
    proxy.set({ busy: 1, retryAfter: 7 });
    const error = await failure(throughProxy().save(pack(), Buffer.from("x")));
    expect(error).toMatchObject({ kind: "unreachable", retryable: true, retryAfter: 7000 });
  });

  it("recognises its own success when the answer to a conditional save is lost", async () => {
    const handle = git("root");
    proxy.set({ dropAnswers: 1, match: /^PUT/ });
    const { tag } = await backend.save(handle, Buffer.from("one"), { ifAbsent: true });
    expect(proxy.requests.filter((line) => line.startsWith("PUT"))).toHaveLength(2);
    expect((await read(direct, handle)).toString()).toBe("one");
    proxy.set({ dropAnswers: 1, match: /^PUT/ });
    await backend.save(handle, Buffer.from("two"), { ifMatch: tag! });
    expect((await read(direct, handle)).toString()).toBe("two");
  });

  it("does not take another writer's object for its own when the answer is lost", async () => {
    const handle = git("theirs");
    await direct.save(handle, Buffer.from("theirs"));
    proxy.set({ dropAnswers: 1, match: /^PUT/ });
    const error = await failure(backend.save(handle, Buffer.from("mine"), { ifAbsent: true }));
    expect(error.kind).toBe("conflict");
    expect((await read(direct, handle)).toString()).toBe("theirs");
  });

  it("sends only the lost part again when an upload in parts is interrupted", async () => {
    const handle = pack();
    const body = randomBytes(40 << 20);
    proxy.set({ resetUpAfter: 9 << 20, times: 2 });
    let sum = 0;
    await backend.save(handle, body, { onProgress: (bytes) => (sum += bytes) });
    expect(sum).toBe(body.length);
    expect(proxy.requests.filter((line) => /^POST .*uploads/.test(line))).toHaveLength(1);
    expect((await read(direct, handle)).equals(body)).toBe(true);
  });

  it("finds its finished upload when the last answer is lost", async () => {
    const handle = pack();
    const body = randomBytes(20 << 20);
    proxy.set({ dropAnswers: 1, match: /^POST .*uploadId=/ });
    const { tag } = await backend.save(handle, body);
    expect(proxy.requests.filter((line) => /^POST .*uploads/.test(line))).toHaveLength(1);
    expect((await direct.stat(handle)).tag).toBe(tag);
    expect((await read(direct, handle)).equals(body)).toBe(true);
  });

  it("leaves no object when an upload in parts cannot be finished", async () => {
    const handle = pack();
    proxy.set({ dropAnswers: 1000, match: /^PUT .*partNumber=2/ });
    const error = await failure(throughProxy().save(handle, randomBytes(20 << 20)));
    expect(error.kind).toBe("unreachable");
    expect(proxy.requests.some((line) => /^DELETE .*uploadId=/.test(line))).toBe(true);
    expect(await names(direct, "pack")).not.toContain(handle.name);
  });

  for (const how of ["save", "saveFile"] as const)
    it(`begins anew when the parts of a ${how} that broke off were removed meanwhile, as a life-cycle rule does`, async () => {
      const handle = pack();
      const body = randomBytes(20 << 20);
      const file = { size: body.length, read: async (from: number, to: number) => body.subarray(from, to) };
      let state = "";
      const memory = {
        recall: () => state,
        note: (text: string) => {
          state = text;
        },
      };
      const send = async (to: Backend) =>
        how === "save" ? to.save(handle, body, { memory }) : to.saveFile?.(handle, file, { memory });
      proxy.set({ dropAnswers: 1000, match: /^PUT .*partNumber=2/ });
      expect(await failure(send(throughProxy()))).toMatchObject({ kind: "unreachable" });
      await direct.abandon?.(handle, state);
      await send(direct);
      expect((await read(direct, handle)).equals(body)).toBe(true);
    });

  it("reads again from the first byte when a body is cut off", async () => {
    const handle = pack();
    const body = randomBytes(4 << 20);
    await direct.save(handle, body);
    proxy.set({ cutDownAfter: 1 << 20, times: 2 });
    let runs = 0;
    const got = await backend.load(handle, { start: 5 }, async (stream) => {
      runs++;
      const hash = createHash("sha256");
      for await (const part of stream) hash.update(part);
      return hash.digest("hex");
    });
    expect(runs).toBe(3);
    expect(got).toBe(createHash("sha256").update(body.subarray(5)).digest("hex"));
  });

  it("says that the connection was lost even if the reader is content with half a body", async () => {
    const handle = pack();
    await direct.save(handle, randomBytes(4 << 20));
    proxy.set({ cutDownAfter: 1 << 20 });
    const error = await failure(
      throughProxy().load(handle, undefined, async (stream) => {
        try {
          for await (const _ of stream);
        } catch {
          return "fine";
        }
      }),
    );
    expect(error).toMatchObject({ kind: "unreachable", retryable: true });
  });

  it("gives up on a server that takes everything and says nothing", async () => {
    proxy.set({ silent: true });
    for (const work of [
      () => throughProxy(impatient).stat(pack()),
      () => throughProxy(impatient).save(pack(), randomBytes(1000)),
    ]) {
      const error = await failure(work());
      expect(error).toMatchObject({ kind: "unreachable", retryable: true, ambiguous: true });
      expect(error.message).toContain("does not answer in time");
    }
  });

  it("gives up on a body that stops coming", async () => {
    const handle = pack();
    await direct.save(handle, randomBytes(4 << 20));
    proxy.set({ stallDownAfter: 1 << 20 });
    const error = await failure(read(throughProxy(impatient), handle));
    expect(error).toMatchObject({ kind: "unreachable", retryable: true });
  });

  it("stops at once when it is told to, while the server says nothing", async () => {
    proxy.set({ silent: true });
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 100);
    const error = await failure(backend.save(pack(), randomBytes(1000), { signal: abort.signal }));
    expect(error.kind).toBe("interrupted");
  });

  it("keeps every promise while anything may go wrong", async () => {
    const faults = [
      { busy: 2 },
      { dropAnswers: 1 },
      { resetUpAfter: 50_000 },
      { cutDownAfter: 50_000 },
      { latency: 20 },
      { dropAnswers: 2, match: /^GET/ },
    ];
    for (let i = 0; i < 24; i++) {
      const handle = pack();
      const body = randomBytes(100_000 + i);
      proxy.set(faults[i % faults.length]!);
      await backend.save(handle, body, i % 2 ? { ifAbsent: true } : {});
      expect((await read(backend, handle)).equals(body)).toBe(true);
      expect((await read(backend, handle, { start: -10 })).equals(body.subarray(-10))).toBe(true);
    }
  });
});
