import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { startCarelessS3 } from "../helper/careless-s3.ts";
import { EntityProject } from "../helper/entity-project.ts";
import { OriginProject } from "../helper/origin-project.ts";
import { zipOf } from "../helper/zip-file.ts";

jest.setTimeout(240_000);

describe("the commands of ml-git and plain git alone", () => {
  const [commands, plain] = [new EntityProject(), new EntityProject()];
  const date = { GIT_AUTHOR_DATE: "2026-01-02T03:04:05Z", GIT_COMMITTER_DATE: "2026-01-02T03:04:06Z" };
  const sh = (project: EntityProject, line: string) =>
    project.box.run("sh", ["-euc", line], { cwd: project.cwd, env: date });
  beforeAll(async () => {
    for (const project of [commands, plain]) {
      await project.start();
      await project.mlgit("datasets", "create", "d", "--categories=a,b", "--mutability=flexible");
      await project.mlgit("models", "create", "m", "--categories=a", "--mutability=mutable");
      project.write("datasets/d/data/x", "one");
      project.write("models/m/data/w", "weights");
    }
  });
  afterAll(() => {
    commands.remove();
    plain.remove();
  });

  it("make identical trees, commits and tags, and publish the same", async () => {
    const ml = (words: string) => words.replaceAll("ml-git", "git mlgit");
    await sh(commands, ml("ml-git datasets add d; ml-git datasets commit d -m first"));
    await sh(plain, "git add datasets; git commit -qm first");
    for (const project of [commands, plain]) project.write("datasets/d/data/sub/y", "two");
    await sh(commands, ml("ml-git datasets add d --bumpversion; ml-git datasets commit d"));
    const spec = "datasets/d/d.spec";
    await sh(plain, `sed -i 's/version: 1/version: 2/' ${spec}; git add datasets; git commit -qm a/b/d`);
    await sh(commands, ml("ml-git models add m --metric loss 0.5; ml-git models commit m --dataset=d -m linked"));
    // What a person would write into the spec by hand.
    const sha = (await plain.git("rev-parse", "a__b__d__2^{commit}")).stdout.trim();
    const text = `  metrics:\n    loss: 0.5\n  dataset:\n    tag: a__b__d__2\n    sha: ${sha}\n`;
    plain.write("models/m/m.spec", plain.read("models/m/m.spec") + text);
    await sh(plain, "git add models; git commit -qm linked");
    await sh(commands, ml("ml-git models push m"));
    await sh(plain, "git push -q origin HEAD");
    const state = async (project: EntityProject) =>
      (await project.git("for-each-ref", "--format=%(refname) %(objectname) %(*objectname)", "refs/heads", "refs/tags"))
        .stdout;
    expect(await state(commands)).toBe(await state(plain));
    expect((await commands.git("cat-file", "-p", "HEAD^{tree}")).stdout).toBe(
      (await plain.git("cat-file", "-p", "HEAD^{tree}")).stdout,
    );
    expect((await commands.git("ls-remote", "origin")).stdout).toBe((await plain.git("ls-remote", "origin")).stdout);
    expect((await plain.git("status", "--porcelain")).stdout).toBe("");
  });

  it("check themselves with --fsck, say with --verbose what they do, and shorten a long diff", async () => {
    for (let i = 0; i < 12; i++) commands.write(`datasets/d/data/many/${i}`, `${i}`);
    const added = await commands.mlgit("dataset", "add", "d", "--bumpversion", "--fsck", "--verbose");
    expect(added.stdout).toContain("[0] corrupted file(s) in the worktree");
    const done = JSON.parse((await commands.mlgit("datasets", "commit", "d", "--fsck", "--json")).stdout);
    expect(done).toMatchObject({ committed: true, version: 3, fsck: { workspace: { corrupted: [] } } });
    expect((await commands.mlgit("datasets", "diff", "d", "2", "3")).stdout).toMatch(
      /^change .*\nadded +data\/many\/ -> 12 files +14 B\n$/,
    );
    expect((await commands.mlgit("datasets", "diff", "d", "2", "3", "--full")).stdout).toContain("data/many/11");
    const pushed = await commands.mlgit("datasets", "push", "d", "--verbose");
    expect(pushed.stderr).toMatch(/mlgit \d+\.\d{3} store: save /);
  });
});

describe("two people who take the same number, with plain git", () => {
  const project = new OriginProject();
  afterAll(() => project.remove());

  it("both end with their data published, one of them renumbered", async () => {
    await project.start();
    await project.repository("ann");
    await project.create("ann", ["datasets", "birds"], { "data/a": "a" });
    await project.push("ann");
    await project.box.git(["clone", "-q", project.box.path("ann.git"), project.box.path("ben")]);
    await project.mlgit("ben", "init", "-q");
    const people = ["ann", "ben"];
    for (const name of people)
      await project.version(name, "datasets/birds/birds.spec", 2, { [`data/${name}`]: `${name}'s` });
    await project.git("ann", "push", "-q");
    await project.box.git(["push"], { cwd: project.box.path("ben"), code: 1 });
    const loser = "ben";
    // A new branch, while the remote has commits that are not here.
    await project.git(loser, "push", "-q", "origin", "HEAD^:refs/heads/aside");
    const aside = ["push", "-q", "origin", "HEAD:refs/heads/aside"];
    expect((await project.box.git(aside, { cwd: project.box.path("ben"), code: 1 })).stderr).toContain(
      "renumber birds",
    );
    await project.git(loser, "pull", "-q", "--no-rebase", "--no-edit");
    // git would send the branch, and leave the tag that is taken.
    const refused = await project.box.git(["push"], { cwd: project.box.path("ben"), code: 1 });
    expect(refused.stderr).toMatch(/cv__birds__2: somebody else[\s\S]*git mlgit datasets renumber birds/);
    await project.mlgit(loser, "datasets", "renumber", "birds");
    await project.git(loser, "push", "-q");
    await project.box.git(["clone", "-q", project.box.path("ann.git"), project.box.path("reader")]);
    for (const name of people) expect(project.read("reader", `datasets/birds/data/${name}`)).toBe(`${name}'s`);
    expect((await project.git("reader", "tag", "-l")).stdout).toBe("cv__birds__1\ncv__birds__2\ncv__birds__3\n");
    const own = await project.git("reader", "ls-tree", "-r", "--name-only", "cv__birds__3:datasets/birds/data");
    expect(own.stdout).toContain(loser);
  });

  it("and so it is when the second one rebases: git takes both specs for the same then", async () => {
    await project.git("ann", "pull", "-q", "--no-rebase");
    for (const name of ["ann", "ben"])
      await project.version(name, "datasets/birds/birds.spec", 4, { [`data/${name} 4`]: `${name} 4` });
    await project.git("ann", "push", "-q");
    const pulled = await project.box.git(["pull", "-q", "--rebase"], { cwd: project.box.path("ben") });
    expect(pulled.stderr).toContain("git mlgit datasets renumber birds");
    const { stdout } = await project.mlgit("ben", "datasets", "renumber", "birds");
    expect(stdout).toBe("version 4 of birds is 5 now; the name cv__birds__4 is theirs\n");
    await project.git("ben", "push", "-q");
    await project.git("reader", "fetch", "-q");
    const files = async (tag: string) =>
      (await project.git("reader", "ls-tree", "-r", "--name-only", `${tag}:datasets/birds/data`)).stdout.split("\n");
    expect(await files("cv__birds__4")).not.toContain("ben 4");
    expect(await files("cv__birds__5")).toEqual(expect.arrayContaining(["ann 4", "ben 4"]));
    expect((await project.mlgit("ben", "datasets", "renumber", "birds")).stdout).toContain(
      "no number of birds is taken",
    );
  });
});

describe("create --import-url --unzip", () => {
  const project = new EntityProject();
  const archive = zipOf([
    { name: "images/1.jpg", body: Buffer.alloc(200_000, "first") },
    { name: "images/2.jpg", body: Buffer.from("second") },
  ]);
  let server: Server;
  let url: string;
  const asked: (string | undefined)[] = [];
  beforeAll(async () => {
    await project.start();
    // Breaks off in the middle once, and goes on where it is asked to.
    server = createServer((request, response) => {
      asked.push(request.headers.range);
      const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
      const body = request.url === "/evil.zip" ? zipOf([{ name: "../up", body: archive }]) : archive;
      const range = { "content-range": `bytes ${start}-${body.length - 1}/${body.length}` };
      response.writeHead(start > 0 ? 206 : 200, {
        etag: '"one"',
        "content-length": body.length - start,
        ...(start > 0 ? range : {}),
      });
      if (asked.length > 1) return void response.end(body.subarray(start));
      response.write(body.subarray(0, 100), () => response.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    project.remove();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const create = (name: string, ...args: string[]) => [
    ...["datasets", "create", name, "--categories=c", "--mutability=strict", ...args],
  ];

  it("downloads, also over a connection that breaks, and unpacks", async () => {
    await project.mlgit(...create("d", `--import-url=${url}/images.zip`, "--unzip"));
    expect(project.read("datasets/d/data/images/2.jpg")).toBe("second");
    expect(asked.length).toBeGreaterThan(1);
    expect((await project.git("status", "--porcelain", "-uall")).stdout.match(/data\/.*/g)).toEqual([
      "data/images/1.jpg",
      "data/images/2.jpg",
    ]);
  });

  it("leaves nothing behind where an archive is hostile or a URL leads nowhere", async () => {
    await project.fails(5, "mlgit", ...create("e", `--import-url=${url}/evil.zip`, "--unzip"));
    await project.fails(2, "mlgit", ...create("e", "--import-url=https://drive.google.com/x"));
    await project.fails(2, "mlgit", ...create("e", `--import-url=${url}/x`, "--import=."));
    expect((await project.git("status", "--porcelain", "-uall", "--ignored")).stdout).not.toMatch(/datasets\/(e|\.)/);
  });
});

describe("push --retry", () => {
  const project = new EntityProject();
  afterAll(() => project.remove());

  it("sends the data again where the store could not be reached, and publishes then", async () => {
    await project.start();
    let refusals = 1;
    const server = await startCarelessS3({ isMissing: () => refusals-- > 0 });
    try {
      await project.git("config", "mlgit.store.s.url", "s3://bucket/x");
      await project.git("config", "mlgit.store.s.endpointUrl", server.endpoint);
      await project.git("config", "mlgit.defaultStore", "s");
      await project.mlgit("datasets", "create", "d", "--categories=c", "--mutability=strict");
      project.write("datasets/d/data/x", "x");
      await project.commit("one");
      const push = ["datasets", "push", "d", "--retry=2"];
      const { stderr } = await project.box.mlgit(push, { cwd: project.cwd, env: server.env });
      expect(stderr).toContain("trying again (1 of 2)");
      expect(server.keys().some((key) => key.startsWith("x/packs/"))).toBe(true);
      expect((await project.git("ls-remote", "origin", "refs/tags/*")).stdout).toContain("c__d__1");
      refusals = 5;
      project.write("datasets/d/data/y", "y");
      await project.commit("two");
      const failing = ["datasets", "push", "d", "--retry=1", "--clearonfail"];
      const failed = await project.box.mlgit(failing, { cwd: project.cwd, env: server.env, code: 6 });
      expect(failed.stderr).toContain("git mlgit gc");
    } finally {
      await server.stop();
    }
  });
});
