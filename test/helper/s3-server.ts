import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { delimiter, join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { describe } from "@jest/globals";
import { projectRoot } from "./build.ts";
import { oneAtATime, runFolder, runPid } from "./run-folder.ts";

export interface S3Server {
  /** `http://127.0.0.1:<port>`; path style, any region. */
  readonly endpoint: string;
  /** What a process needs to sign requests to this server, and to see no other credentials. */
  readonly env: Readonly<Record<string, string>>;
  /** Makes an empty bucket; returns its name. */
  newBucket(): Promise<string>;
  /** Makes a user who may do nothing until a bucket's policy says so; returns the name and what its processes need. */
  newUser(): { readonly name: string; readonly env: Readonly<Record<string, string>> };
}

/** Keys that open nothing but the throw-away server of test/server/s3.sh. */
const env = {
  AWS_ACCESS_KEY_ID: "testaccesskey",
  AWS_SECRET_ACCESS_KEY: "testsecretkey",
  AWS_REGION: "us-east-1",
  AWS_CONFIG_FILE: "/dev/null",
  AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  AWS_EC2_METADATA_DISABLED: "true",
};

const script = join(projectRoot, "test", "server", "s3.sh");
const programs = ["radosgw", "ceph-mon", "ceph-osd", "ceph", "radosgw-admin"];

/** `describe` where an S3 server can be started, else `describe.skip`; with MLGIT_REQUIRE_S3=1 its absence is an error. */
export function describeWithS3(title: string, define: (server: () => Promise<S3Server>) => void): void {
  (isS3Available() ? describe : describe.skip)(title, () => define(startS3));
}

/** Can an S3 server be started here? Says so on the console when not. */
export function isS3Available(): boolean {
  const missing = programs.filter((name) => !isInstalled(name));
  if (missing.length === 0) return true;
  const text = `no S3 server: ${missing.join(", ")} not found (Debian: radosgw ceph-mon ceph-osd ceph-common)`;
  if (process.env.MLGIT_REQUIRE_S3 === "1") throw new Error(text);
  console.warn(`${text}; its tests are skipped`);
  return false;
}

/** Gives this process the server's keys, and nobody else's; the returned function takes them back. */
export function useServerKeys(): () => void {
  const before = Object.keys(env).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, env);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}

const started = new Map<string, Promise<S3Server>>();

/**
 * The S3 server of this test run, started by the first that asks for it (2 s). It ends with the run, however that ends.
 * With `tree`, a newer one from an unpacked Debian tree.
 */
export function startS3(tree = ""): Promise<S3Server> {
  const server = started.get(tree) ?? start(tree);
  started.set(tree, server);
  return server;
}

async function start(tree: string): Promise<S3Server> {
  const name = tree ? "s3-tree" : "s3";
  const port = await oneAtATime(
    name,
    async () => (await runningPort(runFolder(name))) ?? launch(runFolder(name), tree),
  );
  const endpoint = `http://127.0.0.1:${port}`;
  return { endpoint, env, newBucket: () => newBucket(endpoint), newUser: () => newUser(runFolder(name)) };
}

async function launch(folder: string, tree: string): Promise<number> {
  let output = "";
  for (let attempt = 0; attempt < 3; attempt++) {
    const port = await freePorts(runPid() + attempt * 77 + (tree ? 33 : 0));
    const args = [script, "start", folder, String(port), String(runPid())];
    const result = spawnSync("bash", args, { encoding: "utf8", env: { ...process.env, S3_TREE: tree } });
    if (result.status === 0) {
      writeFileSync(join(folder, "port"), String(port));
      return port;
    }
    output = result.stderr;
  }
  throw new Error(`the S3 server did not start: ${output}`);
}

/** The server takes a hundred ports; neighbours in process number get different hundreds. */
async function freePorts(seed: number): Promise<number> {
  for (let i = 0; i < 200; i++) {
    const port = 11_000 + ((seed + i) % 200) * 100;
    if ((await isFree(port)) && (await isFree(port + 1)) && (await isFree(port + 10))) return port;
  }
  throw new Error("no free ports for the S3 server");
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
      .once("error", () => resolve(false))
      .listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** Another test file may have started it. */
async function runningPort(folder: string): Promise<number | undefined> {
  if (!existsSync(join(folder, "port"))) return undefined;
  const port = Number(readFileSync(join(folder, "port"), "utf8"));
  return new Promise((resolve) => {
    const socket = createConnection(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(port);
    }).once("error", () => resolve(undefined));
  });
}

async function newBucket(endpoint: string): Promise<string> {
  const credentials = { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY };
  const client = new S3Client({ endpoint, region: env.AWS_REGION, forcePathStyle: true, credentials });
  const name = `test-${randomBytes(6).toString("hex")}`;
  await client.send(new CreateBucketCommand({ Bucket: name }));
  client.destroy();
  return name;
}

function newUser(folder: string): ReturnType<S3Server["newUser"]> {
  const name = `user-${randomBytes(6).toString("hex")}`;
  const keys = { AWS_ACCESS_KEY_ID: `${name}-key`, AWS_SECRET_ACCESS_KEY: "testsecretkey" };
  const args = ["user", "create", "--uid", name, "--display-name", name];
  args.push("--access-key", keys.AWS_ACCESS_KEY_ID, "--secret-key", keys.AWS_SECRET_ACCESS_KEY);
  const options = { encoding: "utf8", env: { ...process.env, CEPH_CONF: join(folder, "ceph.conf") } } as const;
  const result = spawnSync("radosgw-admin", args, options);
  if (result.status !== 0) throw new Error(`no user could be made: ${result.stderr}`);
  return { name, env: { ...env, ...keys } };
}

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));
}
