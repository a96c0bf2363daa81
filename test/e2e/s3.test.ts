import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { oidOf } from "../helper/pointer-of.ts";
import { describeWithS3 } from "../helper/s3-server.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { spy } from "../helper/spy.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

describeWithS3("plain git with a bucket", (startServer) => {
  const big = randomBytes("s3 big", 70_000_000);
  let team: Team;
  let work: Clone;
  let env: Readonly<Record<string, string>>;
  const push = () => spy(team.box, (traces) => work.git(["push", "origin", "main"], { env: { ...env, ...traces } }));
  const bytesSaved = (stderr: string) =>
    [...stderr.matchAll(/save \S+ (\d+) bytes/g)].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
  beforeAll(async () => {
    const server = await startServer();
    env = server.env;
    team = await createTeam();
    work = await createProject(team);
    const url = `s3://${await server.newBucket()}/project`;
    for (const scope of ["store.data.url", "store.data.endpointUrl"])
      await team.box.git(["config", "--global", `mlgit.${scope}`, scope.endsWith("url") ? url : server.endpoint]);
  });
  afterAll(() => team.box.remove());

  it("sends ten thousand small files in fewer than 60 requests", async () => {
    for (let i = 0; i < 10_000; i++) work.write(`data/${i % 100}/${i}`, `file ${i} ${"x".repeat(i % 700)}`);
    await work.mlgit(["add", "."]);
    await work.git(["commit", "-qm", "many"]);
    const seen = await push();
    expect(seen.store.length).toBeGreaterThan(2);
    expect(seen.store.length).toBeLessThan(60);
    expect(seen.git.length).toBeLessThan(40);
  }, 300_000);

  it("sends less than 4 MB when 1 MB changes in the middle of a large file", async () => {
    work.write("big.bin", big);
    await work.commit();
    expect(bytesSaved((await push()).result.stderr)).toBeGreaterThan(big.length);
    randomBytes("s3 changed", 1_000_000).copy(big, 35_000_000);
    work.write("big.bin", big);
    await work.commit();
    expect(bytesSaved((await push()).result.stderr)).toBeLessThan(4_000_000);
  }, 300_000);

  it("asks nothing when nothing is new, and a handful when the store has it all", async () => {
    expect((await push()).store).toEqual([]);
    const again = await spy(team.box, (traces) => work.mlgit(["push", "--all"], { env: { ...env, ...traces } }));
    expect(again.store.length).toBeLessThan(6);
  });

  it("clones everything, byte for byte", async () => {
    const seen = await spy(team.box, async (traces) => {
      const args = ["clone", "-q", "-b", "main", team.remote, team.box.path("clone")];
      return team.box.git(args, { env: { ...env, ...traces } });
    });
    const clone = team.at(team.box.path("clone"));
    expect(oidOf(clone.read("big.bin"))).toBe(oidOf(big));
    for (const i of [0, 5000, 9999])
      expect(clone.read(`data/${i % 100}/${i}`).toString()).toBe(`file ${i} ${"x".repeat(i % 700)}`);
    expect(await clone.status()).toBe("");
    expect(seen.store.length).toBeLessThan(60);
  }, 300_000);
});
