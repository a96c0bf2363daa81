import { once } from "node:events";
import { rmSync } from "node:fs";
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

describe("a store that was emptied", () => {
  let project: DataProject;
  beforeAll(async () => {
    project = await createDataProject();
    project.write("data/a.bin", "some data");
    await project.commit("one");
    await project.git("push", "-q", "origin", "main");
  });
  afterAll(() => project.box.remove());

  it("is made anew by a push, which says that another one was there, once", async () => {
    rmSync(project.box.path("origin.git/mlgit"), { recursive: true });
    project.write("data/b.bin", "more data");
    await project.commit("two");
    const { stderr } = await project.git("push", "-q", "origin", "main");
    expect(stderr).toMatch(/the store that was at file:.* is not there any more/);
    expect(stderr).toContain("git mlgit fsck --store");
    expect((await project.mlgit(["fsck", "--store"], { code: 4 })).stdout).toContain("data/a.bin");
    const { stdout, stderr: mended } = await project.mlgit(["fsck", "--store", "--fix"]);
    expect(stdout).toContain("Everything was repaired");
    expect(mended).not.toContain("not there any more");
  });

  it("is told of in other clones, too, and not by those that are new", async () => {
    const [before, after] = [project.box.path("before"), project.box.path("after")];
    await project.box.mlgit(["install"]);
    await project.box.git(["clone", "-q", project.box.path("origin.git"), before]);
    rmSync(project.box.path("origin.git/mlgit"), { recursive: true });
    await project.mlgit(["push", "--all"]);
    const fetched = await project.box.mlgit(["fsck", "--store"], { cwd: before });
    expect(fetched.stderr).toContain("not there any more");
    const cloned = await project.box.git(["clone", "-q", project.box.path("origin.git"), after]);
    expect(cloned.stderr).toBe("");
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
