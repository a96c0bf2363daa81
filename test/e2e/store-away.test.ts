import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createDataProject, type DataProject } from "../helper/data-project.ts";

describe("a store that does not answer", () => {
  let project: DataProject;
  beforeAll(async () => {
    project = await createDataProject();
    project.write("data/a.bin", "some data");
    await project.commit("one");
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    await project.git("remote", "set-url", "origin", "mlgit::s3://bucket/project");
    await project.git("config", "remote.origin.mlgitEndpointUrl", endpoint);
  });
  afterAll(() => project.box.remove());

  const env = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b", AWS_EC2_METADATA_DISABLED: "true" };
  const run = (code: number, ...args: string[]) => project.mlgit(args, { env, code });

  it("is not taken for one that the first push will make", async () => {
    expect((await run(6, "du", "--store")).stderr).toContain("nothing answers there");
    expect((await run(6, "store", "test")).stderr).toContain("nothing answers there");
    expect((await run(1, "doctor")).stdout).toMatch(/BAD +store: .*nothing answers there/);
  });

  it("is what fsck could not ask, and no reason to mend anything", async () => {
    const { stdout } = await run(6, "fsck", "--store");
    expect(stdout).toContain("nothing answers there");
    expect(stdout).not.toContain("Everything is right");
    expect(stdout).not.toContain("--fix");
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
