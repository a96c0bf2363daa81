import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { createDataProject, type DataProject, flipBit } from "../helper/data-project.ts";
import { describeWithS3, type S3Server } from "../helper/s3-server.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { mountSmallDisk } from "../helper/small-disk.ts";

// Each starts git and mlgit dozens of times.
jest.setTimeout(240_000);

/** Names that git allows and that break careless programs. */
const oddNames = [
  "new\nline",
  "-leading-dash",
  "--version",
  " spaces  ",
  "quote\"and'",
  "back\\slash",
  "CON",
  "nul.txt",
  "trailing.",
  "con:stream",
  "ünï",
  "ünï".normalize("NFD"),
  "$(touch pwned)",
  "%s%n",
  "*?[a]",
  ":(glob)x",
  "#comment",
  "!important",
  "a".repeat(255),
]
  .map((name) => Buffer.from(name))
  .concat(Buffer.of(0x64, 0xff, 0xfe, 0x80));

describe("input that is not as one would like it", () => {
  const content = randomBytes("ok", 3_000_000);
  let project: DataProject;
  beforeAll(async () => {
    project = await createDataProject();
    await project.box.mlgit(["install"]);
    project.write("data/ok.bin", content);
    await project.commit("data");
    await project.git("push", "-q", "-u", "origin", "main");
  });
  afterAll(() => project.box.remove());
  const clone = async (name: string, ...args: string[]) => {
    await project.box.git(["clone", "-q", ...args, project.box.path("origin.git"), project.box.path(name)]);
    const cwd = project.box.path(name);
    return {
      cwd,
      status: async () => (await project.box.git(["status", "--porcelain"], { cwd })).stdout,
      mlgit: (args: string[], code: number | "any" = 0) => project.box.mlgit(args, { cwd, code }),
    };
  };
  const isPointer = (path: string) => readFileSync(path).toString("latin1", 0, 14) === "version mlgit/";

  it("takes any name that git takes, there and back", async () => {
    const odd = (top: string, name: Buffer) => Buffer.concat([Buffer.from(join(top, "data/odd/")), name]);
    mkdirSync(join(project.work, "data/odd"));
    for (const [i, name] of oddNames.entries()) writeFileSync(odd(project.work, name), `content ${i}`);
    await project.commit("odd names");
    await project.git("push", "-q", "origin", "main");
    const there = await clone("odd");
    const contents = () => oddNames.map((name) => readFileSync(odd(there.cwd, name), "utf8"));
    const expected = oddNames.map((_, i) => `content ${i}`);
    expect(contents()).toEqual(expected);
    await there.mlgit(["dehydrate", "data"]);
    expect(contents().filter((text) => text.startsWith("version mlgit/"))).toHaveLength(oddNames.length);
    await there.mlgit(["hydrate"]);
    expect(contents()).toEqual(expected);
    expect(await there.status()).toBe("");
    for (const command of ["ls-files", "status", "fsck"]) await there.mlgit([command]);
    expect(readdirSync(there.cwd)).not.toContain("pwned");
  });

  it("leaves a pointer of a newer version as it is, and says so", async () => {
    const newer = `version mlgit/9\noid blake9:${"5".repeat(64)}\nsize 7\n`;
    const { stdout } = await project.box.git(["hash-object", "-w", "--stdin"], { cwd: project.work, input: newer });
    await project.git("checkout", "-q", "-b", "newer");
    await project.git("update-index", "--add", "--cacheinfo", `100644,${stdout.trim()},data/newer`);
    await project.git("commit", "-qm", "by a newer program");
    const { stderr } = await project.git("checkout", "--", "data/newer");
    expect(project.read("data/newer").toString()).toBe(newer);
    expect(stderr).toContain("does not know: data/newer");
    expect((await project.git("status", "--porcelain")).stdout).toBe("");
    await project.git("checkout", "-q", "main");
  });

  it("keeps the pointer of what is damaged in the store, with the path and exit code 5", async () => {
    const packs = join(project.box.path("origin.git"), "mlgit/packs");
    for (const name of readdirSync(packs, { recursive: true }) as string[])
      if (lstatSync(join(packs, name)).isFile() && lstatSync(join(packs, name)).size > 1_000_000)
        flipBit(join(packs, name), 1_000_000);
    const there = await clone("damaged");
    expect(isPointer(join(there.cwd, "data/ok.bin"))).toBe(true);
    const { stderr } = await there.mlgit(["hydrate"], "any");
    expect(stderr).toContain("data/ok.bin");
    expect(stderr).toMatch(/damaged|corrupt/);
    expect(stderr).toContain("git mlgit fsck --store --paranoid --fix");
    await project.mlgit(["fsck", "--store", "--paranoid", "--fix"]);
    await there.mlgit(["hydrate"]);
    expect(readFileSync(join(there.cwd, "data/ok.bin")).equals(content)).toBe(true);
  });

  it("writes through no symlink that takes the place of a folder", async () => {
    const there = await clone("linked");
    await there.mlgit(["dehydrate", "data"]);
    renameSync(join(there.cwd, "data"), join(there.cwd, "moved"));
    const outside = project.box.path("outside");
    mkdirSync(outside);
    writeFileSync(join(outside, "ok.bin"), readFileSync(join(there.cwd, "moved/ok.bin")));
    symlinkSync(outside, join(there.cwd, "data"));
    await there.mlgit(["hydrate"], "any");
    await there.mlgit(["hydrate", "data/ok.bin"], "any");
    expect(isPointer(join(outside, "ok.bin"))).toBe(true);
  });

  it("names the command that brings the data where a clone filled the disk", async () => {
    const folder = project.box.path("small disk");
    mkdirSync(folder);
    const disk = mountSmallDisk(folder, 2);
    if (!disk) return;
    try {
      const cwd = join(folder, "clone");
      const { stderr } = await project.box.git(["clone", "-q", project.box.path("origin.git"), cwd]);
      expect(stderr).toContain("the disk is full");
      expect(stderr).toContain("files may hold pointers");
      expect(stderr).toContain("then run git mlgit hydrate");
      expect(stderr).not.toContain("the same command");
      expect(isPointer(join(cwd, "data/ok.bin"))).toBe(true);
      disk.remount("size=40m");
      await project.box.mlgit(["hydrate"], { cwd });
      expect(readFileSync(join(cwd, "data/ok.bin")).equals(content)).toBe(true);
    } finally {
      disk.unmount();
    }
  });

  it("says that a worktree is full, leaves nothing half, and goes on when there is room", async () => {
    const there = await clone("full");
    await there.mlgit(["dehydrate", "data"]);
    const folder = join(there.cwd, "data");
    const disk = mountSmallDisk(folder, 1);
    if (!disk) return;
    try {
      await project.box.git(["checkout", "--", "data"], { cwd: there.cwd, code: "any" });
      const { stderr } = await there.mlgit(["hydrate"], 8);
      expect(stderr).toContain("data");
      expect(stderr).toMatch(/no space|full/i);
      expect(isPointer(join(folder, "ok.bin"))).toBe(true);
      expect(readdirSync(folder).sort()).toEqual(["odd", "ok.bin"]);
      disk.remount("size=20m");
      await there.mlgit(["hydrate"]);
      expect(readFileSync(join(folder, "ok.bin")).equals(content)).toBe(true);
      await there.mlgit(["dehydrate", "data"]);
      disk.remount("ro");
      expect((await there.mlgit(["hydrate"], 8)).stderr).toMatch(/read-only/i);
      expect(isPointer(join(folder, "ok.bin"))).toBe(true);
    } finally {
      disk.unmount();
    }
  });
});

describeWithS3("a bucket that does not answer as one would like it", (start) => {
  let server: S3Server;
  let bucket: string;
  let project: DataProject;
  beforeAll(async () => {
    server = await start();
    bucket = await server.newBucket();
    project = await createDataProject();
    project.write("data/ok.bin", randomBytes("s3 ok", 1_500_000));
    await project.commit("data");
  });
  afterAll(() => project.box.remove());

  /** Sets the store, pushes in both ways, and returns what `git mlgit push` said. */
  async function refused(settings: Record<string, string>, env: Record<string, string>, code: number): Promise<string> {
    for (const [key, value] of Object.entries(settings)) await project.git("config", `mlgit.store.data.${key}`, value);
    const { stderr } = await project.mlgit(["push"], { env: { ...server.env, ...env }, code });
    await project.box.git(["push", "-q", "origin", "main"], {
      cwd: project.work,
      env: { ...server.env, ...env },
      code: 1,
    });
    expect((await project.git("ls-remote", "origin")).stdout).toBe("");
    expect(stderr).toContain("hint: ");
    expect(stderr).not.toMatch(/ at .*\.mjs|secretkey|wrong-secret/);
    return stderr;
  }

  it("names the endpoint when there is no network", async () => {
    const url = `s3://${bucket}/x`;
    const said = await refused({ url, endpointUrl: "http://127.0.0.1:1", pathStyle: "true" }, {}, 6);
    expect(said).toContain("127.0.0.1:1");
  });

  it("names the bucket when there is none", async () => {
    expect(await refused({ url: "s3://no-such-bucket/x", endpointUrl: server.endpoint }, {}, 6)).toContain(
      "no-such-bucket",
    );
  });

  it("says that the keys are wrong, and shows none", async () => {
    const said = await refused({ url: `s3://${bucket}/x` }, { AWS_SECRET_ACCESS_KEY: "wrong-secret" }, 7);
    expect(said).toMatch(/secret|credentials|key/);
  });

  it("takes everything when it is set right at last", async () => {
    const options = { cwd: project.work, env: server.env };
    await project.box.git(["push", "-q", "origin", "main"], options);
    rmSync(join(project.work, ".git/mlgit/files"), { recursive: true });
    await project.mlgit(["fetch"], { env: server.env });
    expect(existsSync(join(project.work, ".git/mlgit/files"))).toBe(true);
  });
});
