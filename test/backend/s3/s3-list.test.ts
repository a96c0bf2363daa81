import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, expect, it } from "@jest/globals";
import { S3Backend } from "../../../src/backend/s3/s3-backend.ts";
import { s3Config } from "../../../src/backend/s3/s3-config.ts";
import { useServerKeys } from "../../helper/s3-server.ts";
import { failure } from "../contract.ts";

const restore = useServerKeys();
let server: Server | undefined;
let backend: S3Backend | undefined;
afterEach(async () => {
  await backend?.close();
  server?.closeAllConnections();
  await new Promise((done) => server?.close(done));
});
afterAll(restore);

/** Lists at a server that has three pages of one pack each; `token` says how it goes on after the page of this number. */
async function listWith(token: (page: number) => string): Promise<string[]> {
  let page = 0;
  server = createServer((_, response) => {
    page++;
    const id = String(page).repeat(64);
    const next = token(page) && `<NextContinuationToken>${token(page)}</NextContinuationToken>`;
    response.setHeader("content-type", "application/xml");
    response.end(
      `<?xml version="1.0"?><ListBucketResult><Name>bucket</Name><Prefix>p/packs/</Prefix><KeyCount>1</KeyCount>
       <IsTruncated>${page < 3}</IsTruncated>${page < 3 ? next : ""}
       <Contents><Key>p/packs/${id.slice(0, 2)}/${id}</Key><Size>1</Size></Contents></ListBucketResult>`,
    );
  });
  await new Promise<void>((done) => server?.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const opened = new S3Backend(s3Config({ url: "s3://bucket/p", endpointUrl: `http://127.0.0.1:${port}` }));
  backend = opened;
  const names: string[] = [];
  for await (const { handle } of opened.list("pack")) names.push(handle.name.slice(0, 1));
  return names;
}

it("goes on as long as the server says how", async () => {
  expect(await listWith((page) => `after ${page}`)).toEqual(["1", "2", "3"]);
});

it("takes no part of a list for the whole", async () => {
  expect(await failure(listWith(() => ""))).toMatchObject({
    kind: "unsupported",
    message: "the server lists only some of p/packs/, and does not say how to go on",
  });
});

it("does not ask for the same page for ever", async () => {
  expect(await failure(listWith(() => "again"))).toMatchObject({ kind: "unsupported" });
});
