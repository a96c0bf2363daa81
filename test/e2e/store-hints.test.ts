import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { type CarelessServer, startCarelessS3 } from "../helper/careless-s3.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

describe("the hint about a bucket", () => {
  let team: Team;
  let work: Clone;
  let server: CarelessServer;
  beforeAll(async () => {
    server = await startCarelessS3({ isMissing: () => true });
    team = await createTeam();
    work = await createProject(team);
    work.write("data/x", "content");
    await work.commit();
  });
  afterAll(async () => {
    team?.box.remove();
    await server?.stop();
  });

  it("that is not there has the store's own name", async () => {
    const { env, endpoint } = server;
    await work.mlgit(["store", "add", "--local", "lake", "s3://flowers/p", "--endpoint-url", endpoint], { env });
    for (const args of [["store", "test", "lake"], ["push"]]) {
      const { stderr } = await work.mlgit(args, { env, code: 6 });
      expect(stderr).toContain("or make it: git mlgit store create lake\n");
    }
    await work.git(["config", "--remove-section", "mlgit.store.lake"]);
  });

  it("that is not there names it for a git remote in it, in words that work", async () => {
    const { env, endpoint } = server;
    await work.git(["remote", "add", "lake", "mlgit::s3://flowers/p"]);
    await work.git(["config", "remote.lake.mlgitEndpointUrl", endpoint]);
    const { stderr } = await work.git(["push", "lake", "main"], { env, code: 128 });
    const [, command = ""] = /or make it: (.*)\n/.exec(stderr) ?? [];
    expect(command).toMatch(
      /^git mlgit store add --local .* flowers s3:\/\/flowers\/p && git mlgit store create flowers$/,
    );
    const [add = "", ...more] = command.split(" && ");
    expect(more).toHaveLength(1);
    await work.git(add.split(" ").slice(1), { env });
  });

  it("whose server is not found says how a clone names another one", async () => {
    const env = { ...server.env, AWS_ENDPOINT_URL: "http://no-such-server.invalid" };
    const { stderr } = await team.box.git(["clone", "mlgit::s3://flowers/p", "clone"], { env, code: 128 });
    expect(stderr).toContain(
      "if the bucket is not at AWS, name its server: git clone -c remote.origin.mlgitEndpointUrl=https://s3.example.com mlgit::s3://flowers/p",
    );
  });
});
