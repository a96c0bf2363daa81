import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { wrapBackend } from "../../../src/backend/all.ts";
import { AzureBackend } from "../../../src/backend/azure/azure-backend.ts";
import { azureConfig } from "../../../src/backend/azure/azure-config.ts";
import type { Backend } from "../../../src/backend/backend.ts";
import { isBusyError } from "../../../src/backend/backend-error.ts";
import { probeGuarantees } from "../../../src/backend/probe.ts";
import { type AzureServer, describeWithAzure, startAzure, useAzureEnv } from "../../helper/azure-server.ts";
import { FaultProxy } from "../../server/fault-proxy.ts";
import { failure, format, git, names, pack, read } from "../contract.ts";

const impatient = { idleTimeout: 700, connectTimeout: 700 };
const opened: Backend[] = [];

function open(url: string, { endpointUrl, ...settings }: { endpointUrl?: string } & Partial<typeof impatient> = {}) {
  const backend = new AzureBackend(azureConfig({ url, ...(endpointUrl && { endpointUrl }) }), settings);
  opened.push(backend);
  return backend;
}

/** Every kind of request that a store makes. */
async function failures(backend: Backend) {
  const list = async () => {
    for await (const _ of backend.list("pack"));
  };
  const all = [];
  for (const work of [
    () => backend.stat(pack()),
    () => read(backend, pack()),
    () => backend.save(pack(), Buffer.from("x")),
    () => backend.save(pack(), Buffer.alloc(9 << 20)),
    list,
    () => backend.remove(pack()),
  ])
    all.push(await failure(work()));
  return all;
}

describeWithAzure("azure backend", () => {
  let server: AzureServer;
  let container: string;
  let restore: () => void;
  let proxy: FaultProxy;
  let direct: Backend;
  beforeAll(async () => {
    server = await startAzure();
    container = await server.newContainer();
    proxy = await FaultProxy.start(Number(new URL(server.endpoint).port));
  }, 120_000);
  afterAll(async () => {
    for (const one of opened.splice(0)) await one.close();
    await proxy?.close();
    await server?.stop();
  });

  /** A signature for the container, valid from so many hours from now until so many. */
  function sas(from: number, until: number, permissions = "racwdl"): string {
    const at = (hours: number) => new Date(Date.now() + hours * 3_600_000);
    const own = new StorageSharedKeyCredential(server.account, server.key);
    const values = { containerName: container, startsOn: at(from), expiresOn: at(until) };
    const allowed = ContainerSASPermissions.parse(permissions);
    return generateBlobSASQueryParameters({ ...values, permissions: allowed }, own).toString();
  }

  describe("with the account's key", () => {
    beforeAll(() => {
      restore = useAzureEnv(server.env);
    });
    afterAll(() => restore());

    it("says that there is no such container, whatever was asked, and makes it", async () => {
      const url = `azure://made-${randomBytes(6).toString("hex")}/p`;
      const backend = open(url);
      for (const error of await failures(backend)) {
        expect(error).toMatchObject({ kind: "unreachable", retryable: false });
        expect(error.message).toMatch(/container made-\w+ in storage account mlgittest .*no such container/);
        expect(error.hint).toContain("git mlgit store create");
      }
      expect(await failure(backend.createPlace({ versioned: true }))).toMatchObject({ kind: "unsupported" });
      expect(await backend.createPlace({ versioned: false })).toMatchObject({ made: true });
      await backend.save(format, Buffer.from("{}"));
      expect(await backend.createPlace({ versioned: false })).toEqual({ made: false, settings: [] });
      expect((await read(backend, format)).toString()).toBe("{}");
    });

    it("is found to keep its guarantees in a race", async () => {
      const guarantees = await probeGuarantees(open(`azure://${container}/probe`), { rounds: 2, writers: 8 });
      expect(guarantees).toEqual({ exclusiveCreate: true, compareAndSwap: true });
    });

    it("removes what has the tag that was seen, and nothing else", async () => {
      const backend = open(`azure://${container}/remove`);
      const { tag } = await backend.save(git("x"), Buffer.from("1"));
      await backend.save(git("x"), Buffer.from("2"));
      expect((await failure(backend.remove(git("x"), { ifMatch: tag! }))).kind).toBe("conflict");
      const { tag: second } = await backend.stat(git("x"));
      await backend.remove(git("x"), { ifMatch: second! });
      await backend.remove(git("x"), { ifMatch: second! });
      expect((await failure(backend.save(git("x"), Buffer.from("3"), { ifMatch: second! }))).kind).toBe("conflict");
    });

    it("leaves out the folders that some accounts list", async () => {
      const blob = server.service.getContainerClient(container).getBlockBlobClient("folders/gc/a");
      await blob.upload("", 0, { metadata: { hdi_isfolder: "true" } });
      const backend = open(`azure://${container}/folders`);
      await backend.save({ type: "gc", name: "a/b" }, Buffer.from("x"));
      expect(await names(backend, "gc")).toEqual(["a/b"]);
    });
  });

  describe("on a bad line", () => {
    let backend: Backend;
    const throughProxy = (settings?: Partial<typeof impatient>) =>
      open(`azure://${container}/bad`, {
        endpointUrl: `http://127.0.0.1:${proxy.port}/${server.account}`,
        ...settings,
      });
    beforeAll(() => {
      restore = useAzureEnv({ AZURE_STORAGE_ACCOUNT: server.account, AZURE_STORAGE_KEY: server.key });
      direct = open(`azure://${container}/bad`, { endpointUrl: server.endpoint });
      backend = wrapBackend(throughProxy());
    });
    afterEach(() => proxy.set({}));
    afterAll(() => restore());

    it("tries again what may work the next time, and only we do", async () => {
      const handle = pack();
      proxy.set({ busy: 2 });
      await backend.save(handle, Buffer.from("x"));
      expect(proxy.requests).toHaveLength(3);
      proxy.set({ busy: 1, retryAfter: 7 });
      const error = await failure(throughProxy().save(pack(), Buffer.from("x")));
      expect(error).toMatchObject({ kind: "unreachable", retryable: true, retryAfter: 7000 });
      expect(proxy.requests).toHaveLength(1);
    });

    it("recognises its own success when the answer to a conditional save is lost, and no one else's", async () => {
      for (const size of [3, 9 << 20]) {
        const [handle, body] = [pack(), randomBytes(size)];
        // Of an object in blocks the last answer, to the list of blocks.
        proxy.set({ dropAnswers: 1, match: size > 3 ? /^PUT .*comp=blocklist/ : /^PUT/ });
        await backend.save(handle, body, { ifAbsent: true });
        expect((await read(direct, handle)).equals(body)).toBe(true);
      }
      const theirs = pack();
      await direct.save(theirs, Buffer.from("theirs"));
      proxy.set({ dropAnswers: 1, match: /^PUT/ });
      const error = await failure(backend.save(theirs, Buffer.from("mine"), { ifAbsent: true }));
      expect(error.kind).toBe("conflict");
      expect((await read(direct, theirs)).toString()).toBe("theirs");
    });

    it("sends only the lost block again", async () => {
      const [handle, body] = [pack(), randomBytes(24 << 20)];
      proxy.set({ resetUpAfter: 5 << 20, times: 2 });
      let sum = 0;
      await backend.save(handle, body, { onProgress: (bytes) => (sum += bytes) });
      expect(sum).toBe(body.length);
      expect(proxy.requests.filter((line) => line.includes("comp=blocklist"))).toHaveLength(1);
      expect((await read(direct, handle)).equals(body)).toBe(true);
    });

    it("reads again from the first byte when a body is cut off, and says so where nobody reads again", async () => {
      const [handle, body] = [pack(), randomBytes(4 << 20)];
      await direct.save(handle, body);
      proxy.set({ cutDownAfter: 1 << 20, times: 2 });
      expect((await read(backend, handle, { start: 5 })).equals(body.subarray(5))).toBe(true);
      proxy.set({ cutDownAfter: 1 << 20 });
      expect(await failure(read(throughProxy(), handle))).toMatchObject({ kind: "unreachable", retryable: true });
      proxy.set({ stallDownAfter: 1 << 20 });
      expect(await failure(read(throughProxy(impatient), handle))).toMatchObject({
        kind: "unreachable",
        retryable: true,
      });
    });

    it("gives up on a server that says nothing, and at once when it is told to", async () => {
      proxy.set({ silent: true });
      const error = await failure(throughProxy(impatient).save(pack(), randomBytes(1000)));
      expect(error).toMatchObject({ kind: "unreachable", retryable: true, ambiguous: true });
      expect(error.message).toContain("does not answer in time");
      const abort = new AbortController();
      const saving = failure(backend.save(pack(), randomBytes(1000), { signal: abort.signal }));
      abort.abort();
      expect((await saving).kind).toBe("interrupted");
    });
  });

  describe("with other credentials", () => {
    afterEach(() => restore());
    const use = (env: Record<string, string>) => {
      restore = useAzureEnv({ AZURE_STORAGE_ACCOUNT: server.account, ...env });
      return open(`azure://${container}/other`, { endpointUrl: server.endpoint });
    };

    it("works with a signature, and says when it has expired, is not valid yet or allows too little", async () => {
      const good = use({ AZURE_STORAGE_SAS_TOKEN: `?${sas(-1, 1)}` });
      await good.save(format, randomBytes(9 << 20));
      expect((await good.stat(format)).size).toBe(9 << 20);
      expect(await names(good, "format")).toEqual(["mlgit.json"]);
      restore();
      for (const [token, message] of [
        [sas(-2, -1), /signature \(SAS\) has expired/],
        [sas(1, 2), /is not valid yet/],
        [sas(-1, 1, "l"), /too few rights|access denied/],
      ] as const) {
        const error = await failure(use({ AZURE_STORAGE_SAS_TOKEN: token }).save(format, Buffer.from("x")));
        expect(error).toMatchObject({ kind: "denied", retryable: false });
        expect(error.message).toMatch(message);
        expect(everythingOf(error)).not.toContain("sig=");
        restore();
      }
    });

    it("is told which right its signature lacks, and for what", async () => {
      const token = (rights: string) => ({ AZURE_STORAGE_SAS_TOKEN: sas(-1, 1, rights) });
      const message = async (rights: string, work: (backend: Backend) => Promise<unknown>) => {
        const { message, hint } = await failure(work(use(token(rights))));
        restore();
        expect(hint).toContain("create, write, delete and list");
        return message;
      };
      const write = await message("rl", (backend) => backend.save(pack(), Buffer.from("x")));
      expect(write).toMatch(/to create and write other\/packs\/\S+ \(403/);
      const parts = await message("rl", (backend) => backend.save(pack(), Buffer.alloc(9 << 20)));
      expect(parts).toMatch(/to create and write other\/packs\/\S+ \(403/);
      expect(await message("l", (backend) => read(backend, format))).toContain("to read other/mlgit.json (403");
      expect(await message("rcw", (backend) => names(backend, "pack"))).toContain("to list other/packs/ (403");
      expect(await message("rcwl", (backend) => backend.remove(pack()))).toMatch(/to delete other\/packs\/\S+ \(403/);
    });

    it("names a wrong key, and never shows it", async () => {
      const key = Buffer.from("hunter2hunter2").toString("base64");
      for (const error of await failures(use({ AZURE_STORAGE_KEY: key }))) {
        expect(error).toMatchObject({ kind: "denied", retryable: false });
        expect(error.message).toMatch(/access denied|key or signature is wrong/);
        expect(error.hint).toContain("AZURE_STORAGE_KEY");
        expect(everythingOf(error)).not.toContain(key);
      }
    });
  });
});

function everythingOf(error: object): string {
  const { message, stack, hint, cause } = error as { message: string; stack: string; hint: string; cause: Error };
  return `${message} ${stack} ${hint} ${cause?.message} ${cause?.stack} ${JSON.stringify(error)} ${JSON.stringify(cause)}`;
}

describe("azure backend without Azure", () => {
  let web: Server;
  let answer: { status: number; code?: string; date?: Date };
  let endpointUrl: string;
  let restore: () => void;
  beforeAll(async () => {
    web = createServer(({ method }, response) => {
      const { status, code, date = new Date() } = answer;
      const headers = { date: date.toUTCString(), ...(code && { "x-ms-error-code": code }) };
      const text = code
        ? `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`
        : "<html></html>";
      response.writeHead(status, headers).end(method === "HEAD" ? "" : text);
    });
    await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
    endpointUrl = `http://127.0.0.1:${(web.address() as AddressInfo).port}/someaccount`;
    restore = useAzureEnv({ AZURE_STORAGE_ACCOUNT: "someaccount", AZURE_STORAGE_KEY: "aGVsbG8h" });
  });
  afterAll(async () => {
    restore();
    for (const one of opened.splice(0)) await one.close();
    web.closeAllConnections();
    await new Promise((resolve) => web.close(resolve));
  });

  it("finds out a web server that is none of Azure's", async () => {
    answer = { status: 200 };
    const backend = open("azure://container", { endpointUrl });
    for (const error of await failures(backend).catch(() => [])) expect(error.kind).toBe("unreachable");
    expect((await failure(names(backend, "pack"))).message).toContain("not Azure's blob service");
  });

  it("says what Azure's codes mean", async () => {
    const hour = 3_600_000;
    const cases = [
      [{ status: 403, code: "AuthenticationFailed" }, "denied", /key or signature is wrong/],
      [{ status: 403, code: "AuthenticationFailed", date: new Date(Date.now() - hour) }, "denied", /clock/],
      [{ status: 403, code: "AuthorizationPermissionMismatch" }, "denied", /too few rights/],
      [{ status: 409, code: "BlobArchived" }, "unsupported", /archive/],
      [{ status: 409, code: "BlobImmutableDueToPolicy" }, "denied", /rule of the container/],
      [{ status: 412, code: "LeaseIdMissing" }, "refused", /lease/],
      [{ status: 400, code: "InvalidHeaderValue" }, "unsupported", /version of the protocol/],
      [{ status: 503, code: "ServerBusy" }, "unreachable", /slow down/],
      [{ status: 500, code: "constructor" }, "unreachable", /server failed/],
      [{ status: 418 }, "unsupported", /does not accept/],
    ] as const;
    const backend = open("azure://container", { endpointUrl });
    for (const [given, kind, message] of cases) {
      answer = given;
      for (const work of [() => backend.stat(format), () => backend.save(format, Buffer.from("x"))]) {
        const error = await failure(work());
        expect(error.kind).toBe(kind);
        expect(error.message).toMatch(message);
        expect(error.hint).toBeTruthy();
        expect(isBusyError(error)).toBe(given.status === 503);
      }
    }
  });

  it("says that nothing answers, or that there is no such account", async () => {
    const nothing = await failure(
      open("azure://container", { endpointUrl: "http://127.0.0.1:1/someaccount" }).stat(format),
    );
    expect(nothing).toMatchObject({ kind: "unreachable", retryable: true });
    expect(nothing.message).toContain("nothing answers there");
    const nobody = await failure(
      open("azure://container", { endpointUrl: "http://someaccount.blob.invalid" }).stat(format),
    );
    expect(nobody.kind).toBe("unreachable");
    expect(nobody.message).toMatch(/host|name server/);
  });
});
