import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Backend, FileInfo } from "../../../src/backend/backend.ts";
import { FileBackend } from "../../../src/backend/file/file-backend.ts";
import type { FileType } from "../../../src/backend/handle.ts";
import { HttpBackend } from "../../../src/backend/http/http-backend.ts";
import { httpConfig } from "../../../src/backend/http/http-config.ts";
import { formatList, listName } from "../../../src/backend/object-list.ts";
import { webRequest } from "../../../src/backend/web-request.ts";
import { isInstalled, startNginx, startPlainServer, type WebServer } from "../../helper/web-server.ts";
import { describeBackend, failure, format, names, pack, read } from "../contract.ts";

const types: readonly FileType[] = ["format", "gc", "git", "index", "pack"];

/** Written as a folder, read over HTTP: what somebody who publishes and somebody who reads have together. */
async function published(serve: (folder: string) => Promise<Pick<WebServer, "url" | "stop">>) {
  const folder = await mkdtemp(join(tmpdir(), "mlgit-http-"));
  const server = await serve(folder);
  const files = new FileBackend({ folder });
  const web = new HttpBackend(httpConfig({ url: `${server.url}/` }));
  const writeList = async () => {
    const found: FileInfo[] = [];
    for (const type of types) for await (const info of files.list(type)) found.push(info);
    writeFileSync(join(folder, listName), formatList(found));
  };
  const both: Backend = {
    location: web.location,
    properties: files.properties,
    save: async (handle, body, options) => ({ ...(await files.save(handle, body, options)), tag: undefined }),
    remove: (handle, condition) => files.remove(handle, condition),
    load: (handle, range, use, signal) => web.load(handle, range, use, signal),
    stat: (handle, signal) => web.stat(handle, signal),
    async *list(type, signal) {
      await writeList();
      yield* web.list(type, signal);
    },
    isNotFound: (error) => web.isNotFound(error),
    isPermanent: (error) => web.isPermanent(error),
    close: () => web.close(),
  };
  const cleanUp = async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  };
  return { both, web, files, folder, writeList, cleanUp };
}

for (const [title, serve] of [
  ["http from nginx", startNginx],
  ["http from a server without ranges", startPlainServer],
] as const) {
  let place: Awaited<ReturnType<typeof published>>;
  describeBackend(title, {
    skip: serve === startNginx && !isInstalled("nginx"),
    open: async () => {
      place = await published(serve);
      return place.both;
    },
    cleanUp: () => place.cleanUp(),
  });
}

describe("http backend", () => {
  let place: Awaited<ReturnType<typeof published>>;
  let server: WebServer;
  let answer: Parameters<typeof startPlainServer>[1];
  beforeEach(async () => {
    answer = undefined;
    place = await published(async (folder) => {
      server = await startPlainServer(folder, (...args) => answer?.(...args) ?? false);
      return server;
    });
    await place.files.save(format, Buffer.from("{}"));
  });
  afterEach(() => place.cleanUp());

  it("takes no data, and says where to push instead", async () => {
    expect(place.web.properties.writable).toBe(false);
    for (const work of [place.web.save(pack()), place.web.remove(pack())]) {
      const error = await failure(work);
      expect(error.kind).toBe("unsupported");
      expect(error.hint).toContain("git mlgit publish --static");
    }
  });

  it("fetches an object once from a server without ranges, however many slices of it are wanted", async () => {
    const handle = pack();
    const body = randomBytes(300_000);
    await place.files.save(handle, body);
    const starts = [0, 1000, 250_000, 50_000];
    await read(place.web, handle, { start: 7, end: 9 });
    const slices = await Promise.all(starts.map((start) => read(place.web, handle, { start, end: start + 500 })));
    for (const [i, slice] of slices.entries())
      expect(slice.equals(body.subarray(starts[i], starts[i]! + 500))).toBe(true);
    expect(server.requests).toHaveLength(1);
  });

  it("tells a place without a list, and a list that was cut, from an empty one", async () => {
    expect(await failure(names(place.web, "index"))).toMatchObject({ kind: "unsupported", path: listName });
    await place.writeList();
    expect(await names(place.web, "index")).toEqual([]);
    const text = formatList([{ handle: pack(), size: 1 }]);
    for (const bad of ["<html>welcome</html>", text.slice(0, -1), text.replace(/^\d+ packs.*\n/m, "")]) {
      writeFileSync(join(place.folder, listName), bad);
      expect((await failure(names(place.web, "pack"))).kind).toBe("corrupt");
    }
  });

  it("knows which answers to ask for again", async () => {
    const cases = [
      [503, "unreachable", false],
      [500, "unreachable", false],
      [429, "unreachable", false],
      [403, "denied", true],
      [401, "denied", true],
      [410, "missing", true],
      [418, "unsupported", true],
    ] as const;
    for (const [status, kind, permanent] of cases) {
      answer = (_, response) => {
        response.writeHead(status, { "retry-after": "2" }).end();
        return true;
      };
      const error = await failure(read(place.web, pack()));
      expect(error).toMatchObject({ kind });
      expect(place.web.isPermanent(error)).toBe(permanent);
      if (!permanent) expect(error).toMatchObject({ retryAfter: 2000 });
    }
  });

  it("never takes a body that breaks off for a whole one", async () => {
    answer = (_, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("half", () => response.destroy());
      return true;
    };
    for (const range of [undefined, { start: 5, end: 10 }]) {
      const error = await failure(read(place.web, pack(), range));
      expect(error.kind).toBe("unreachable");
      expect(place.web.isPermanent(error)).toBe(false);
    }
  });

  it("follows redirects, and not for ever", async () => {
    const handle = pack();
    await place.files.save(handle, Buffer.from("0123456789"));
    answer = (request, response) => {
      if (request.url?.startsWith("/real/")) request.url = request.url.slice("/real".length);
      else response.writeHead(302, { location: request.url?.includes("list") ? "" : `/real${request.url}` }).end();
      return response.headersSent;
    };
    expect((await read(place.web, handle, { start: 2, end: 5 })).toString()).toBe("234");
    expect((await place.web.stat(handle)).size).toBe(10);
    expect((await failure(names(place.web, "pack"))).kind).toBe("refused");
    answer = (_, response) => {
      response.writeHead(302, { location: "http://127.0.0.1:1/login" }).end();
      return true;
    };
    const error = await failure(read(place.web, handle));
    expect(error.message).toContain(`${server.url} sends us to http://127.0.0.1:1: nothing answers there`);
  });

  it("gives up on a server that says nothing", async () => {
    answer = () => true;
    const silent = { location: "x", url: () => server.url };
    const error = await failure(webRequest(silent, "key", { method: "GET", idleTimeout: 50 }));
    expect(error).toMatchObject({ kind: "unreachable", message: expect.stringContaining("does not answer in time") });
    expect(place.web.isPermanent(error)).toBe(false);
  });

  it("says of a server that compresses what it sends that it does, and never that something is damaged", async () => {
    const handle = pack();
    await place.files.save(format, Buffer.from("{}"));
    await place.files.save(handle, randomBytes(3000));
    await place.writeList();
    answer = (_, response) => {
      const body = gzipSync(Buffer.from("{}"));
      response.writeHead(200, { "content-encoding": "gzip", "content-length": body.length }).end(body);
      return true;
    };
    const [whole, range, list] = [
      failure(read(place.web, format)),
      failure(read(place.web, handle, { start: 5, end: 90 })),
      failure(names(place.web, "pack")),
    ];
    for (const error of [await whole, await range, await list])
      expect(error).toMatchObject({ kind: "unsupported", message: expect.stringContaining("compressed (gzip)") });
  });

  it("refuses another range than the one it asked for", async () => {
    answer = (_, response) => {
      response.writeHead(206, { "content-range": "bytes 0-4/1000" }).end("01234");
      return true;
    };
    expect((await failure(read(place.web, pack(), { start: 5, end: 10 }))).kind).toBe("unsupported");
  });

  it("explains a server that is not there", async () => {
    await server.stop();
    const error = await failure(read(place.web, pack()));
    expect(error).toMatchObject({ kind: "unreachable", hint: expect.stringContaining("is the server running") });
  });

  it("wants an address without user, query and fragment", () => {
    for (const url of ["https://me@host/x", "https://host/x?a=b", "https://host/x#y", "https:///x"])
      expect(() => httpConfig({ url })).toThrow(/published folder|store URL/);
    expect(httpConfig({ url: "https://host/a b/" }).base).toBe("https://host/a%20b/");
  });
});
