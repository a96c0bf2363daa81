import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { type CarelessServer, startCarelessS3 } from "../helper/careless-s3.ts";
import { createDataProject, type DataProject } from "../helper/data-project.ts";

jest.setTimeout(180_000);

describe("a server that says yes to conditions and does not look at them", () => {
  let server: CarelessServer;
  let project: DataProject;
  beforeAll(async () => {
    server = await startCarelessS3();
    project = await createDataProject();
    for (const [key, value] of Object.entries({ url: "s3://bucket/data", endpointUrl: server.endpoint }))
      await project.git("config", `mlgit.store.loose.${key}`, value);
    project.write("data/x", "some data");
    await project.commit("one");
  });
  afterAll(async () => {
    project?.box.remove();
    await server?.stop();
  });
  const env = () => ({ ...server.env, AWS_ENDPOINT_URL: server.endpoint });

  it("is found out by `store test`", async () => {
    const report = JSON.parse((await project.mlgit(["store", "test", "loose", "--json"], { env: env() })).stdout);
    expect(report).toMatchObject({
      guarantees: { exclusiveCreate: false, compareAndSwap: false },
      readAfterWrite: true,
    });
    const { stdout } = await project.mlgit(["store", "test", "loose"], { env: env() });
    expect(stdout).toContain("exclusive creation in a race: NOT kept");
    expect(stdout).toContain("mlgit:: is refused");
    expect(server.keys()).toEqual([]);
  });

  it("keeps no refs, where the last writer would win in silence: the push is refused and says why", async () => {
    const push = ["push", "mlgit::s3://bucket/project", "main"];
    const { stderr, code } = await project.box.git(push, { cwd: project.work, env: env(), code: "any" });
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/one of several writers|exclusive|condition/i);
    expect(stderr).toContain("hint: ");
    expect(server.keys().filter((key) => key.startsWith("project/git/"))).toEqual([]);
  });

  it("may keep data, which is named by its content", async () => {
    await project.mlgit(["push", "--all"], { env: env() });
    const clone = project.box.path("clone");
    await project.git("push", "-q", "--no-verify", "origin", "main");
    await project.box.git(["clone", "-q", project.box.path("origin.git"), clone]);
    for (const [key, value] of Object.entries({ url: "s3://bucket/data", endpointUrl: server.endpoint }))
      await project.box.git(["config", `mlgit.store.loose.${key}`, value], { cwd: clone });
    await project.box.mlgit(["pull"], { cwd: clone, env: env() });
    expect(project.box.read("clone/data/x").toString()).toBe("some data");
  });
});
