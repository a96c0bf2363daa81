// What the SDK alone does, without a store: node bench/plain-s3.mjs put|get|put-each|get-each <endpoint> <key prefix> <file or folder> [connections]
// put, get: one file as parallel parts and ranges of 16 MiB. put-each, get-each: one request per file, the second for what the first put.
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import * as s3 from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import limit from "p-limit";
import { choose } from "./options.mjs";

const partSize = 16 << 20;
const [what, endpoint, prefix, path, connections = "8"] = process.argv.slice(2);
const step = choose({ put, get, "put-each": putEach, "get-each": getEach }, what);
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
const client = new s3.S3Client({
  endpoint,
  forcePathStyle: true,
  requestHandler: new NodeHttpHandler({ httpAgent: { keepAlive: true, maxSockets: Number(connections) } }),
});
const turn = limit(Number(connections));
const object = { Bucket: "bench", Key: prefix };
await step();

async function put() {
  const fd = openSync(path, "r");
  const { size } = fstatSync(fd);
  const { UploadId } = await client.send(new s3.CreateMultipartUploadCommand(object));
  const numbers = Array.from({ length: Math.ceil(size / partSize) }, (_, i) => i);
  const send = async (i) => {
    const Body = Buffer.allocUnsafeSlow(Math.min(partSize, size - i * partSize));
    readSync(fd, Body, 0, Body.length, i * partSize);
    const part = { ...object, UploadId, PartNumber: i + 1, Body };
    const { ETag } = await client.send(new s3.UploadPartCommand(part));
    return { ETag, PartNumber: i + 1 };
  };
  const Parts = await Promise.all(numbers.map((i) => turn(() => send(i))));
  await client.send(new s3.CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload: { Parts } }));
  closeSync(fd);
}

async function get() {
  const { ContentLength: size = 0 } = await client.send(new s3.HeadObjectCommand(object));
  const fd = openSync(path, "w");
  const numbers = Array.from({ length: Math.ceil(size / partSize) }, (_, i) => i);
  const fetch = async (i) => {
    const Range = `bytes=${i * partSize}-${Math.min(size, (i + 1) * partSize) - 1}`;
    const { Body } = await client.send(new s3.GetObjectCommand({ ...object, Range }));
    let at = i * partSize;
    for await (const piece of Body) at += writeSync(fd, piece, 0, piece.length, at);
  };
  await Promise.all(numbers.map((i) => turn(() => fetch(i))));
  closeSync(fd);
}

async function putEach() {
  const names = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const send = (entry, i) =>
    client.send(
      new s3.PutObjectCommand({
        ...object,
        Key: `${prefix}/${i}`,
        Body: readFileSync(join(entry.parentPath, entry.name)),
      }),
    );
  await Promise.all(names.map((entry, i) => turn(() => send(entry, i))));
}

async function getEach() {
  const target = `${path}-got`;
  mkdirSync(target);
  const names = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const fetch = async (i) => {
    const { Body } = await client.send(new s3.GetObjectCommand({ ...object, Key: `${prefix}/${i}` }));
    writeFileSync(join(target, String(i)), await Body.transformToByteArray());
  };
  await Promise.all(names.map((_, i) => turn(() => fetch(i))));
  rmSync(target, { recursive: true });
}
