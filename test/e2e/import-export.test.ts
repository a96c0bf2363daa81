import { readdirSync } from "node:fs";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { EntityProject } from "../helper/entity-project.ts";
import { describeWithS3, type S3Server } from "../helper/s3-server.ts";
import { randomBytes, sha256 } from "../helper/sandbox.ts";

const project = new EntityProject();
const outcome = async (args: string[], env: Readonly<Record<string, string>> = {}) => {
  const { code, stdout, stderr } = await project.box.mlgit([...args, "--json"], { cwd: project.cwd, env, code: "any" });
  return { code, stderr, ...(stdout.startsWith("{") ? JSON.parse(stdout) : {}) };
};
beforeAll(() => project.start(), 240_000);
afterAll(() => project.remove());

describe("import and export of plain files, with a folder as the bucket", () => {
  const bucket = `file://${project.box.path("bucket")}`;

  it("import objects below the entity's folder, again without copying them again", async () => {
    await project.mlgit("datasets", "create", "d", "--categories=c", "--mutability=strict");
    project.box.write("bucket/raw/a.csv", "1,2\n");
    project.box.write("bucket/raw/sub/b c.bin", "b");
    project.box.write("bucket/other/x", "x");
    expect(await outcome(["datasets", "import", bucket, "d", "--path=raw"])).toMatchObject({
      code: 0,
      folder: "datasets/d/data",
      imported: ["datasets/d/data/raw/a.csv", "datasets/d/data/raw/sub/b c.bin"],
    });
    expect(await outcome(["dataset", "import", bucket, "datasets/d/data"])).toMatchObject({
      code: 0,
      imported: ["datasets/d/data/other/x"],
      present: ["datasets/d/data/raw/a.csv", "datasets/d/data/raw/sub/b c.bin"],
    });
    expect(project.read("datasets/d/data/raw/sub/b c.bin")).toBe("b");
    expect(readdirSync(`${project.cwd}/.git/mlgit-import`)).toEqual([]);
  }, 240_000);

  it("never write over other bytes unless forced, through a link, or where no entity can be", async () => {
    project.box.write("bucket/raw/a.csv", "3,4\n");
    const said = await outcome(["datasets", "import", bucket, "d"]);
    expect(said).toMatchObject({ code: 1, failed: [{ path: "datasets/d/data/raw/a.csv" }] });
    expect(said.stderr).toContain("--force");
    expect(project.read("datasets/d/data/raw/a.csv")).toBe("1,2\n");
    expect(await outcome(["datasets", "import", bucket, "d", "--force"])).toMatchObject({ code: 0 });
    expect(project.read("datasets/d/data/raw/a.csv")).toBe("3,4\n");
    await project.box.run("ln", ["-s", project.box.path("home"), `${project.cwd}/datasets/d/data/other2`]);
    project.box.write("bucket/other2/evil", "x");
    const linked = await outcome(["datasets", "import", bucket, "d", "--object=other2/evil"]);
    expect(linked).toMatchObject({ code: 1, failed: [{ message: expect.stringContaining("symbolic link") }] });
    expect(readdirSync(project.box.home)).not.toContain("evil");
    await project.box.run("rm", ["-r", project.box.path("bucket/other2"), `${project.cwd}/datasets/d/data/other2`]);
    for (const [args, code] of [
      [["datasets", "import", bucket, "../x"], 2],
      [["datasets", "import", bucket, "d", "--path=none"], 4],
      [["datasets", "import", bucket, "d", "--object=none"], 4],
      [["datasets", "import", `file://${project.box.path("nowhere")}`, "d"], 6],
      [["datasets", "import", bucket, "d", "--path=a", "--object=b"], 2],
      [["datasets", "import", bucket, "d", "--retry=often"], 2],
    ] as const)
      expect(await outcome([...args])).toMatchObject({ code });
  }, 240_000);

  it("export a version's data under the names it has in the entity, again without sending it again", async () => {
    project.write("datasets/d/data/empty", "");
    await project.commit("one");
    await project.box.run("mkdir", [project.box.path("out")]);
    const out = `file://${project.box.path("out")}`;
    const files = ["data/empty", "data/other/x", "data/raw/a.csv", "data/raw/sub/b c.bin"];
    expect(await outcome(["datasets", "export", "c__d__1", out])).toMatchObject({ code: 0, exported: files });
    expect(project.box.read("out/data/raw/a.csv").toString()).toBe("3,4\n");
    expect(await outcome(["datasets", "export", "d", out])).toMatchObject({ code: 0, exported: [], present: files });
    project.box.write("out/data/raw/a.csv", "5,6\n");
    expect(await outcome(["datasets", "export", "d", out])).toMatchObject({ code: 1, failed: [{ path: files[2] }] });
    expect(await outcome(["datasets", "export", "d", out, "--force"])).toMatchObject({ exported: [files[2]] });
    await project.git("push", "-q", "origin", "HEAD:main");
    expect(await outcome(["datasets", "export", "d", `file://${project.box.path("a.git/mlgit")}`])).toMatchObject({
      code: 11,
    });
  }, 240_000);
});

describeWithS3("import and export of plain files, in S3", (startServer) => {
  let server: S3Server;
  const put = (Bucket: string, Key: string, Body: Uint8Array) => {
    const { AWS_ACCESS_KEY_ID: accessKeyId = "", AWS_SECRET_ACCESS_KEY: secretAccessKey = "" } = server.env;
    const credentials = { accessKeyId, secretAccessKey };
    const client = new S3Client({ endpoint: server.endpoint, region: "us-east-1", forcePathStyle: true, credentials });
    return client.send(new PutObjectCommand({ Bucket, Key, Body })).finally(() => client.destroy());
  };
  beforeAll(async () => {
    server = await startServer();
  }, 240_000);

  it("go there and back, large files in parts, and nothing is copied twice", async () => {
    const from = await server.newBucket();
    const to = await server.newBucket();
    const large = randomBytes("large object", 20 << 20);
    await put(from, "scans/1.bin", large);
    await put(from, "scans/2.bin", Buffer.from("two"));
    await put(from, "läbels/ü.txt", Buffer.from("ü"));
    await project.mlgit("datasets", "create", "s", "--categories=c", "--mutability=flexible");
    const at = [`--endpoint-url=${server.endpoint}`, "--region=us-east-1", "--retry=1"];
    const came = await outcome(["datasets", "import", from, "s", ...at], server.env);
    expect(came).toMatchObject({ code: 0, received: (20 << 20) + 5 });
    expect(sha256(`${project.cwd}/datasets/s/data/scans/1.bin`)).toBe(sha256(project.box.write("large", large)));
    await project.git("add", "-A");
    await project.git("commit", "-qm", "scans");
    const export_ = ["datasets", "export", "c__s__1", to, `--endpoint=${server.endpoint}`];
    const went = await outcome(export_, server.env);
    expect(went).toMatchObject({ code: 0, exported: ["data/läbels/ü.txt", "data/scans/1.bin", "data/scans/2.bin"] });
    expect(await outcome(export_, server.env)).toMatchObject({ code: 0, exported: [], sent: 0 });
    // In parts, which its tag says: no second download to find that out.
    const back = await outcome(["datasets", "import", to, "s2/data", ...at], server.env);
    expect(back).toMatchObject({ code: 0, folder: "datasets/s2/data" });
    const again = await outcome(["datasets", "import", to, "s2/data", ...at], server.env);
    expect(again).toMatchObject({ imported: [], received: 0 });
    expect(sha256(`${project.cwd}/datasets/s2/data/data/scans/1.bin`)).toBe(sha256(project.box.path("large")));
  }, 240_000);

  it("say what is wrong with bucket and credentials", async () => {
    const bucket = await server.newBucket();
    const at = `--endpoint-url=${server.endpoint}`;
    expect(await outcome(["datasets", "import", "no-such-bucket", "s", at], server.env)).toMatchObject({ code: 6 });
    const env = { ...server.env, AWS_SECRET_ACCESS_KEY: "wrong" };
    expect(await outcome(["datasets", "export", "s", bucket, at], env)).toMatchObject({ code: 7 });
    expect(await outcome(["datasets", "import", bucket, "s", at, "--credentials=nobody"])).toMatchObject({ code: 7 });
    expect(await outcome(["datasets", "import", bucket, "s", at], server.env)).toMatchObject({ code: 4 });
  }, 240_000);
});
