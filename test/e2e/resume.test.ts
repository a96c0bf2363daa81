import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect, it } from "@jest/globals";
import { oidOf } from "../helper/pointer-of.ts";
import { describeWithS3 } from "../helper/s3-server.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";
import { FaultProxy } from "../server/fault-proxy.ts";

/** What one connection may have under way: a part up, a range down. */
const piece = 8 << 20;
/** Requests, manifests, the index, and what lies in the buffers of the proxy and of the system. */
const slack = 3_000_000;

describeWithS3("git over a line that is slow, killed in the middle", (startServer) => {
  const large = randomBytes("resume", 45_000_000);
  const largest = Buffer.concat([large.subarray(0, 1000), randomBytes("resume more", 50_000_000)]);
  const total = large.length + largest.length;
  let team: Team;
  let work: Clone;
  let proxy: FaultProxy;
  let env: Readonly<Record<string, string>>;

  beforeAll(async () => {
    const server = await startServer();
    env = server.env;
    proxy = await FaultProxy.start(Number(new URL(server.endpoint).port));
    team = await createTeam();
    work = await createProject(team);
    const url = `s3://${await server.newBucket()}/project`;
    const endpoint = `http://127.0.0.1:${proxy.port}`;
    for (const [name, value] of Object.entries({ url, endpointUrl: endpoint }))
      await team.box.git(["config", "--global", `mlgit.store.data.${name}`, value]);
    work.write("large.bin", large);
    work.write("largest.bin", largest);
    await work.commit();
  }, 240_000);
  afterEach(() => proxy.set({}));
  afterAll(async () => {
    await proxy?.close();
    team?.box.remove();
  });

  /** Kills git and all that it started, at once, when so many bytes went over the line; says how many did, and on how many connections. */
  async function killAfter(args: readonly string[], way: "up" | "down", bytes: number) {
    proxy.set({ bandwidth: 60e6 });
    const options = { cwd: work.top, env: { ...team.box.env, ...env }, detached: true, stdio: "ignore" } as const;
    const child: ChildProcess = spawn("git", args, options);
    const ended = new Promise((resolve) => child.on("close", resolve));
    await Promise.race([proxy.reaches(way, bytes), ended]);
    const { connections, traffic } = proxy;
    expect(child.exitCode).toBeNull();
    process.kill(-(child.pid ?? 0), "SIGKILL");
    await ended;
    return { connections, moved: traffic[way] };
  }

  it("a push goes on where it was killed, and sends no more again than a part a connection", async () => {
    const { connections, moved } = await killAfter(["push", "origin", "main"], "up", 82_000_000);
    proxy.set({});
    await work.git(["push", "origin", "main"], { env });
    expect(proxy.traffic.up).toBeLessThan(total - moved + connections * piece + slack);
    expect(readdirSync(team.box.path("work/.git/mlgit/journal/push"), { recursive: true })).toHaveLength(1);
  }, 240_000);

  it("a clone goes on where it was killed, and gets no more again than a range a connection", async () => {
    const clone = team.box.path("clone");
    const { connections, moved } = await killAfter(
      ["clone", "-q", "-b", "main", team.remote, clone],
      "down",
      70_000_000,
    );
    proxy.set({});
    // git removes a clone that it could not finish, but not when it is killed.
    await team.box.mlgit(["hydrate", "."], { cwd: clone, env });
    expect(proxy.traffic.down).toBeLessThan(total - moved + connections * piece + slack);
    const there = team.at(clone);
    expect([oidOf(there.read("large.bin")), oidOf(there.read("largest.bin"))]).toEqual([oidOf(large), oidOf(largest)]);
    expect(await there.status()).toBe("");
  }, 240_000);
});
