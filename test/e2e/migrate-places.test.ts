import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { DvcFixture } from "../fixture/dvc-project.ts";
import { MlGitFixture } from "../fixture/ml-git-project.ts";
import { isS3Available, type S3Server, startS3 } from "../helper/s3-server.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { hasSshd, type SftpServer, startSshd } from "../helper/sftp-server.ts";
import { type Clone, createTeam, type Team } from "../helper/team.ts";
import { startPlainServer, type WebServer } from "../helper/web-server.ts";

jest.setTimeout(240_000);

const installed = isS3Available() && hasSshd();
/** One byte more than a listing or a manifest may have. */
const tooLong = (256 << 20) + 1;

(installed ? describe : describe.skip)("git mlgit migrate from places beyond this machine", () => {
  let team: Team;
  let s3: S3Server;
  let ssh: SftpServer;
  let web: WebServer;
  let bucket = "";
  const report = async (place: Clone, args: string[], code = 0) =>
    JSON.parse((await place.mlgit(["migrate", ...args, "--json"], { code, env: s3.env })).stdout);
  const repository = async (name: string) => {
    const place = team.at(await team.box.init(name, "-b", "main"));
    await place.mlgit(["init", "-q"]);
    return place;
  };

  beforeAll(async () => {
    team = await createTeam();
    [s3, ssh] = await Promise.all([startS3(), startSshd()]);
    web = await startPlainServer(team.box.path());
    bucket = await s3.newBucket();
    team.box.write("home/.ssh/known_hosts", ssh.knownHosts);
    team.box.write("home/.ssh/config", `Host files\n  HostName 127.0.0.1\n  IdentityFile ${ssh.key}\n`);
  });
  afterAll(async () => {
    await web?.stop();
    await ssh?.stop();
    team?.box.remove();
  });

  it("finds what DVC keeps in a bucket, behind ssh and on a web server, and reads no listing that is too long", async () => {
    const work = await repository("dvc");
    const places = { s3: team.box.path("dvc-s3"), ssh: join(ssh.folder, "dvc"), web: team.box.path("dvc-web") };
    const local = new DvcFixture(work.top);
    for (const [name, folder] of Object.entries(places)) {
      const bytes = randomBytes(name, 300_000);
      local.track(`${name}.bin`, `md5: ${new DvcFixture(work.top, folder).store(bytes)}\nsize: 300000\nhash: md5`);
    }
    const far = new DvcFixture(work.top, places.web);
    local.track(
      "data",
      `md5: ${far.storeFolder({ "a b+%20": Buffer.from("a"), "sub/b": Buffer.from("b") })}.dir\nhash: md5`,
    );
    const long = far.storeListing([{ md5: "0".repeat(32), relpath: "x" }]);
    truncateSync(join(places.web, "files/md5", long.slice(0, 2), `${long.slice(2)}.dir`), tooLong);
    local.track("long", `md5: ${long}.dir\nhash: md5`);
    local.write(
      ".dvc/config",
      `['remote "cloud"']\n  url = s3://${bucket}/dvc\n  endpointurl = ${s3.endpoint}\n` +
        `['remote "shell"']\n  url = ssh://files${places.ssh}\n  port = ${ssh.port}\n  user = ${ssh.user}\n` +
        `['remote "web"']\n  url = ${web.url}/dvc-web\n`,
    );
    await putAll(s3, bucket, places.s3, "dvc/");
    await work.commit("with DVC");

    const remotes = ["--remote", "cloud", "--remote", "shell", "--remote", "web"];
    const first = await report(work, ["dvc", ...remotes], 4);
    expect(first).toMatchObject({ complete: false, commit: null, missing: [{ path: "long" }] });
    const done = await report(work, ["dvc", "--allow-missing", ...remotes], 1);
    expect(done.missing).toMatchObject([{ path: "long", reason: expect.stringContaining("nowhere") }]);
    for (const name of ["s3", "ssh", "web"])
      expect(work.read(`${name}.bin`).equals(randomBytes(name, 300_000))).toBe(true);
    expect(work.read("data/a b+%20").toString()).toBe("a");
    expect(await work.status()).toBe("");
  });

  it("finds what ml-git keeps in a bucket and behind ssh, by its own configuration, and on a web server", async () => {
    const fixture = new MlGitFixture(team.box);
    const data = await fixture.metadata("datasets");
    const image = randomBytes("image", 600_000);
    const version = (number: number, storage: string, bytes: Buffer) =>
      fixture.commit(data, {
        folder: "flowers",
        kind: "dataset",
        tag: `vision__flowers__${number}`,
        date: `160000000${number} +0000`,
        spec: `categories: [vision]\nmanifest:\n  storage: ${storage}\nmutability: mutable\nname: flowers\nversion: ${number}`,
        files: { "data/image": bytes },
      });
    await version(1, `s3h://${bucket}`, image);
    const first = new Set(readdirSync(fixture.bucket));
    await putAll(s3, bucket, fixture.bucket, "");
    await version(2, `sftph://${ssh.folder.slice(1)}`, Buffer.concat([image, Buffer.from("2")]));
    for (const name of readdirSync(fixture.bucket))
      if (!first.has(name)) writeFileSync(join(ssh.folder, name), readFileSync(join(fixture.bucket, name)));
    for (const name of first) writeFileSync(join(ssh.folder, name), readFileSync(join(fixture.bucket, name)));
    // A manifest that would not fit into memory.
    truncateSync(team.box.write("metadata-datasets/flowers/MANIFEST.yaml", ""), tooLong);
    await team.box.git(["-c", "core.bigFileThreshold=1m", "commit", "-qam", "huge"], { cwd: data });
    await team.box.git(["tag", "-a", "-m", "huge", "vision__flowers__3"], { cwd: data });
    team.box.write(
      "project/.ml-git/config.yaml",
      `storages:\n  s3h:\n    ${bucket}:\n      endpoint-url: ${s3.endpoint}\n      region: us-east-1\n` +
        `  sftph:\n    ${ssh.folder.slice(1)}:\n      endpoint-url: files\n      port: ${ssh.port}\n      username: ${ssh.user}\n`,
    );

    const places = [
      ["one", "--project", team.box.path("project")],
      ["two", "--from", `${web.url}/ml-git-bucket`],
    ] as const;
    for (const [name, ...options] of places) {
      const work = await repository(name);
      const done = await report(work, ["ml-git", data, ...options], 1);
      expect(done).toMatchObject({ complete: true, missing: [], contents: { total: 2, fetched: 2 } });
      expect(done.problems).toMatchObject([
        { path: "vision__flowers__3", reason: expect.stringContaining("too large") },
      ]);
      expect(work.read("datasets/flowers/data/image")).toHaveLength(600_001);
      expect(await work.status()).toBe("");
    }
  });
});

async function putAll({ endpoint, env }: S3Server, Bucket: string, folder: string, prefix: string): Promise<void> {
  const credentials = { accessKeyId: env.AWS_ACCESS_KEY_ID ?? "", secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? "" };
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const Key = prefix + path.slice(folder.length + 1);
    await client.send(new PutObjectCommand({ Bucket, Key, Body: readFileSync(path) }));
  }
  client.destroy();
}
