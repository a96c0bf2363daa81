import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../test/server/s3.sh", import.meta.url));

/** @returns {{bytes: number, objects: number}} what lies below a folder; nothing if it does not exist */
export function folderContent(folder) {
  let [bytes, objects] = [0, 0];
  try {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      bytes += statSync(join(entry.parentPath ?? entry.path, entry.name)).size;
      objects += 1;
    }
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  return { bytes, objects };
}

/** Keys of a throw-away server on 127.0.0.1. */
const s3Environment = {
  AWS_ACCESS_KEY_ID: "testaccesskey",
  AWS_SECRET_ACCESS_KEY: "testsecretkey",
  AWS_REGION: "us-east-1",
  AWS_CONFIG_FILE: "/dev/null",
  AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  AWS_EC2_METADATA_DISABLED: "true",
};

/** Starts an S3 server with one bucket for so many bytes, which are in memory, or says why not. `stop()` when done. */
export async function startS3(folder, bytes = 8 * 2 ** 30) {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const env = { ...process.env, S3_BYTES: String(Math.ceil(bytes)) };
  const started = spawnSync(script, ["start", folder, String(port), String(process.pid)], { encoding: "utf8", env });
  if (started.status !== 0) return { missing: started.stderr.trim().split("\n").at(-1) || "no S3 server" };
  const endpoint = `http://127.0.0.1:${port}`;
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  const { CreateBucketCommand, ListObjectsV2Command, S3Client } = await import("@aws-sdk/client-s3");
  const credentials = { accessKeyId: "testaccesskey", secretAccessKey: "testsecretkey" };
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
  await client.send(new CreateBucketCommand({ Bucket: "bench" }));
  return {
    endpoint,
    env: s3Environment,
    stop: () => spawnSync(script, ["stop", folder]),
    /** What lies below a prefix of the bucket. */
    async content(prefix) {
      let [bytes, objects, token] = [0, 0, undefined];
      do {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket: "bench", Prefix: prefix, ContinuationToken: token }),
        );
        for (const { Size = 0 } of page.Contents ?? []) bytes += Size;
        objects += page.KeyCount ?? 0;
        token = page.NextContinuationToken;
      } while (token);
      return { bytes, objects };
    },
  };
}

/** The server also takes the ninety ports above its own. */
async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 100) * 100;
    const free = await new Promise((resolve) => {
      const server = createServer().once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}
