import { createCipheriv } from "node:crypto";
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { describeWithS3 } from "../helper/s3-server.ts";
import { sha256 } from "../helper/sandbox.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

const bound = 300_000_000;
/** More than all buffers of a push and of a fetch together. */
const size = 320_000_000;

describeWithS3("memory of git with a bucket", (startServer) => {
  let team: Team;
  let work: Clone;
  let env: Readonly<Record<string, string>>;

  beforeAll(async () => {
    const server = await startServer();
    team = await createTeam();
    work = await createProject(team);
    const url = `s3://${await server.newBucket()}/project`;
    for (const [name, value] of Object.entries({ url, endpointUrl: server.endpoint }))
      await team.box.git(["config", "--global", `mlgit.store.data.${name}`, value]);
    // Each Node process says at its end how much memory it had.
    const told = 'require("fs").appendFileSync(process.env.PEAKS, process.resourceUsage().maxRSS + "\\n")';
    const hook = team.box.write("peak.cjs", `process.on("exit", () => ${told});\n`);
    env = { ...server.env, NODE_OPTIONS: `--require ${hook}`, PEAKS: team.box.path("peaks") };
    writeNoise(team.box.path("work/large.bin"));
    await work.commit();
  }, 240_000);
  afterAll(() => team?.box.remove());

  /** Bytes that the largest process of a command had. */
  async function peakOf(args: readonly string[]): Promise<number> {
    writeFileSync(team.box.path("peaks"), "");
    await team.box.git(args, { cwd: work.top, env });
    const peaks = readFileSync(team.box.path("peaks"), "utf8").trim().split("\n").map(Number);
    return Math.max(...peaks) * 1024;
  }

  it("stays below 300 MB, however large the file is that is pushed and cloned", async () => {
    const pushed = await peakOf(["push", "origin", "main"]);
    expect(pushed).toBeGreaterThan(50_000_000);
    expect(pushed).toBeLessThan(bound);
    const cloned = await peakOf(["clone", "-q", "-b", "main", team.remote, team.box.path("clone")]);
    expect(cloned).toBeGreaterThan(50_000_000);
    expect(cloned).toBeLessThan(bound);
    expect(sha256(team.box.path("clone/large.bin"))).toBe(sha256(team.box.path("work/large.bin")));
  }, 240_000);
});

/** Bytes that do not compress. */
function writeNoise(path: string): void {
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16), Buffer.alloc(16));
  const zeros = Buffer.alloc(4_000_000);
  const fd = openSync(path, "w");
  for (let written = 0; written < size; written += zeros.length) writeSync(fd, cipher.update(zeros));
  closeSync(fd);
}
