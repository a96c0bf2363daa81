import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { type CarelessServer, startCarelessS3 } from "../helper/careless-s3.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { createStoreRemote, type StoreRemote } from "../helper/store-remote.ts";

// Each step starts several programs, and the machine may be busy.
jest.setTimeout(240_000);

type Stage = "before" | "after";

/** The bucket is where the push can be met between two of its writes. */
describe("a push that is killed", () => {
  let server: CarelessServer;
  let box: StoreRemote;
  let onPut: (key: string, stage: Stage) => boolean = () => false;

  beforeAll(async () => {
    server = await startCarelessS3({ keepsConditions: true, onPut: (key, stage) => onPut(key, stage) });
    box = createStoreRemote({ url: "mlgit::s3://bucket/project", env: environment() });
    await box.first("a");
    await box.in("a", "push", "-q", "-u", "origin", "main");
    await box.clone("b");
  });
  afterAll(async () => {
    box?.remove();
    await server?.stop();
  });

  const environment = () => ({ ...server.env, AWS_ENDPOINT_URL: server.endpoint });
  const main = async (name: string) => (await box.in(name, "ls-remote", "origin", "refs/heads/main")).slice(0, 40);

  /** git and its helper get SIGKILL at the first write that fits, and the bucket answers nothing. */
  async function pushKilled(pattern: RegExp, at: Stage): Promise<void> {
    const options = {
      cwd: box.path("a"),
      env: { ...box.env, ...environment() },
      detached: true,
      stdio: "ignore",
    } as const;
    const child = spawn("git", ["push", "-q", "origin", "main"], options);
    onPut = (key, stage) => {
      if (stage !== at || !pattern.test(key)) return false;
      process.kill(-child.pid!, "SIGKILL");
      return true;
    };
    const [, signal] = await once(child, "close");
    onPut = () => false;
    expect(signal).toBe("SIGKILL");
  }

  it.each<[string, RegExp, Stage]>([
    ["between its data and their index", /^project\/packs\//, "after"],
    ["between the index and the git pack", /^project\/index\//, "after"],
    ["between the git pack and the refs", /^project\/git\/packs\//, "after"],
    ["between the refs and the answer to git", /^project\/git\/root\.json$/, "after"],
  ])("%s leaves the refs whole, and is finished by the next one", async (when, pattern, stage) => {
    const before = await main("b");
    const content = randomBytes(when, 50_000);
    // Too long for a git pack in the root.
    box.write(`a/${when}.txt`, randomBytes(`${when} text`, 6000));
    const next = await box.commit("a", `${when}.bin`, content);
    await pushKilled(pattern, stage);
    expect(await main("b")).toBe(pattern.test("project/git/root.json") ? next : before);
    await box.in("b", "fetch", "-q");
    await box.in("a", "push", "-q", "origin", "main");
    expect(await main("b")).toBe(next);
    await box.in("b", "pull", "-q");
    expect(box.read(`b/${when}.bin`).equals(content)).toBe(true);
  });

  it("leaves nothing behind that gc does not remove", async () => {
    const packs = () => server.keys().filter((key) => key.startsWith("project/git/packs/"));
    const orphans = packs().length;
    await box.mlgit(["remote", "gc", "--grace", "0", "origin"], { cwd: box.path("b"), env: environment() });
    expect(packs().length).toBeLessThan(orphans);
    expect(packs()).toHaveLength(1);
    await box.clone("c");
    await box.in("c", "fsck", "--strict");
    expect(await box.in("c", "status", "--porcelain")).toBe("");
  });
});
