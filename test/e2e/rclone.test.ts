import { spawn } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { projectRoot } from "../helper/build.ts";
import { remoteEnv } from "../helper/rclone-server.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";
import { isInstalled } from "../helper/web-server.ts";

const large = randomBytes("through rclone", 3_000_000);

(isInstalled("rclone") ? describe : describe.skip)("an rclone store", () => {
  let team: Team;
  let work: Clone;
  let env: Record<string, string>;
  const url = "rclone:disk:project";
  /** The pids of every rclone that was started. */
  const started = () => {
    const log = team.box.path("started");
    return existsSync(log) ? readFileSync(log, "utf8").trim().split("\n").map(Number) : [];
  };
  const spools = () => readdirSync(team.box.path("tmp")).filter((name) => name.startsWith("mlgit-rclone-"));
  beforeAll(async () => {
    team = await createTeam();
    work = await createProject(team);
    const noting = team.box.write(
      "bin/rclone",
      `#!/bin/sh\necho $$ >> ${team.box.path("started")}\nPATH=$PATH_BEFORE exec rclone "$@"\n`,
    );
    chmodSync(noting, 0o755);
    team.box.write("tmp/.keep", "");
    const path = team.box.env.PATH ?? "";
    env = {
      ...remoteEnv("disk", { type: "alias", remote: team.box.path("elsewhere") }),
      PATH_BEFORE: path,
      PATH: `${team.box.path("bin")}:${path}`,
      TMPDIR: team.box.path("tmp"),
    };
  }, 240_000);
  afterAll(() => team.box.remove());

  it("is named in git's configuration only", async () => {
    const refused = await work.mlgit(["store", "add", "cloud", url], { env, code: 11 });
    expect(refused.stderr).toContain(`git mlgit store add --local cloud ${url}`);
    expect(existsSync(join(work.top, ".mlgit"))).toBe(false);
    work.write(".mlgit/config.yaml", `stores:\n  cloud:\n    url: ${url}\n`);
    for (const args of [
      ["store", "test", "cloud"],
      ["store", "trust", "cloud"],
    ]) {
      const { stderr } = await work.mlgit(args, { env, code: 11 });
      expect(stderr).toContain("only your own git configuration may name such a place");
      expect(stderr).toContain(`git config mlgit.store.cloud.url '${url}'`);
    }
    expect((await work.mlgit(["store", "list"], { env })).stdout).toContain("not used: git config");
    expect(started()).toEqual([]);
    await work.git(["clean", "-fdq"]);
    await work.mlgit(["store", "add", "--local", "--default", "cloud", url], { env });
  }, 120_000);

  it("takes a push and gives it back to a clone, with one rclone for each command of git's", async () => {
    work.write("large.bin", large);
    for (let i = 0; i < 30; i++) work.write(`data/${i}`, `small ${i}`);
    await work.commit();
    await work.git(["push", "-q", "origin", "main"], { env });
    expect(started()).toHaveLength(1);
    expect(readdirSync(team.box.path("elsewhere/project")).sort()).toEqual(["gc", "index", "mlgit.json", "packs"]);
    const options = { args: ["-b", "main", "-c", `mlgit.store.cloud.url=${url}`], env };
    const clone = await team.clone("clone", options);
    expect(clone.read("large.bin").equals(large)).toBe(true);
    for (let i = 0; i < 30; i++) expect(clone.read(`data/${i}`).toString()).toBe(`small ${i}`);
    expect(await clone.status()).toBe("");
    expect(started()).toHaveLength(2);
    expect(await gone(started())).toBe(true);
    expect(spools()).toEqual([]);
  }, 240_000);

  it("says that it keeps no git repository, since rclone has no conditional writes", async () => {
    const push = await work.git(["push", `mlgit::${url}2`, "main"], { env, code: "any" });
    expect(push.code).not.toBe(0);
    expect(push.stderr).toContain("lets two writers overwrite each other");
  }, 120_000);

  it("names a remote that rclone does not know", async () => {
    await work.git(["config", "mlgit.store.other.url", "rclone:nothing:x"]);
    const { stderr } = await work.mlgit(["store", "test", "other"], { env, code: 3 });
    expect(stderr).toContain("rclone knows no such remote");
    expect(stderr).toContain("rclone config");
  }, 120_000);

  it("leaves no rclone behind when it is interrupted or killed", async () => {
    const silent = createServer((socket) => socket.on("error", () => {}).resume());
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const hanging = { ...env, ...remoteEnv("hang", { type: "webdav", url: address, vendor: "other" }) };
    await work.git(["config", "mlgit.store.hang.url", "rclone:hang:x"]);
    await work.git(["config", "remote.origin.mlgitStore", "hang"]);
    try {
      for (const signal of ["SIGINT", "SIGKILL"] as const) {
        const before = started().length;
        const child = spawn(join(projectRoot, "bin", "git-mlgit"), ["push", "--all"], {
          cwd: work.top,
          env: { ...team.box.env, ...hanging },
          stdio: "ignore",
        });
        const ended = new Promise((resolve) => child.once("exit", resolve));
        await until(() => started().length > before);
        child.kill(signal);
        await ended;
        expect(await gone(started())).toBe(true);
        await until(() => spools().length === 0);
      }
    } finally {
      await new Promise((resolve) => silent.close(resolve));
    }
  }, 120_000);
});

/** Waits until none of these processes runs any more. */
async function gone(pids: readonly number[]): Promise<boolean> {
  await until(() => pids.every((pid) => !isRunning(pid)));
  return true;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return process.platform !== "linux";
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}
