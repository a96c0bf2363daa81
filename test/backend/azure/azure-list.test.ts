import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, expect, it } from "@jest/globals";
import { AzureBackend } from "../../../src/backend/azure/azure-backend.ts";
import { azureConfig } from "../../../src/backend/azure/azure-config.ts";
import { useAzureEnv } from "../../helper/azure-server.ts";
import { failure } from "../contract.ts";

const restore = useAzureEnv({ AZURE_STORAGE_ACCOUNT: "someaccount", AZURE_STORAGE_KEY: "aGVsbG8h" });
let server: Server | undefined;
let backend: AzureBackend | undefined;
afterEach(async () => {
  await backend?.close();
  server?.closeAllConnections();
  await new Promise((done) => server?.close(done));
});
afterAll(restore);

/** Lists at a server that has three pages of one pack each, and thirty if need be; `marker` says how it goes on after the page of this number. */
async function listWith(marker: (page: number) => string): Promise<string[]> {
  let page = 0;
  server = createServer((_, response) => {
    page++;
    const id = String(page % 10).repeat(64);
    response.setHeader("content-type", "application/xml");
    response.end(
      `<?xml version="1.0"?><EnumerationResults ServiceEndpoint="http://x/" ContainerName="container"><Prefix>p/packs/</Prefix>
       <Blobs><Blob><Name>p/packs/${id.slice(0, 2)}/${id}</Name><Properties><Content-Length>1</Content-Length></Properties></Blob></Blobs>
       <NextMarker>${page < 30 ? marker(page) : ""}</NextMarker></EnumerationResults>`,
    );
  });
  await new Promise<void>((done) => server?.listen(0, "127.0.0.1", done));
  const endpointUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/someaccount`;
  backend = new AzureBackend(azureConfig({ url: "azure://container/p", endpointUrl }));
  const names: string[] = [];
  for await (const { handle } of backend.list("pack")) names.push(handle.name.slice(0, 1));
  return names;
}

it("goes on as long as the server says how", async () => {
  expect(await listWith((page) => (page < 3 ? `after ${page}` : ""))).toEqual(["1", "2", "3"]);
});

it("does not ask for the same page for ever", async () => {
  expect(await failure(listWith(() => "again"))).toMatchObject({
    kind: "unsupported",
    message: "the server lists only some of p/packs/, and does not say how to go on",
  });
});
