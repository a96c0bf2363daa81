import type { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { MadePlace } from "../backend.ts";
import { BackendError } from "../backend-error.ts";
import type {
  ArrivedPart,
  GotObject,
  ListOptions,
  ListPage,
  ObjectInfo,
  Part,
  PutOptions,
  S3Api,
  Stored,
  Upload,
} from "./s3-api.ts";
import { placeOf, type S3Config } from "./s3-config.ts";
import { createBucket } from "./s3-create.ts";
import { notS3Error, s3Error } from "./s3-error.ts";

/** Joins the AWS SDK to what a store needs of it. */
export class SdkClient implements S3Api {
  readonly #client: S3Client;
  readonly #config: S3Config;
  readonly #onRequest: () => void;

  constructor(client: S3Client, config: S3Config, onRequest: () => void) {
    this.#client = client;
    this.#config = config;
    this.#onRequest = onRequest;
  }

  async get(key: string, { range, signal }: { range?: string; signal?: AbortSignal | undefined }): Promise<GotObject> {
    return this.#explained(key, "s3:GetObject", async () => {
      const command = new GetObjectCommand({ ...this.#object(key), ...(range && { Range: range }) });
      const answer = await this.#client.send(command, sendOptions(signal));
      const length = answer.ContentLength ?? 0;
      // Without it a cut-off body could not be told from a whole one.
      if (answer.ContentLength === undefined) throw withoutLength(key);
      const [, offset = "0", size = String(length)] = /^bytes (\d+)-\d+\/(\d+)$/.exec(answer.ContentRange ?? "") ?? [];
      return { ...infoOf(answer), size: Number(size), offset: Number(offset), length, body: answer.Body as Readable };
    });
  }

  async head(key: string, signal?: AbortSignal): Promise<ObjectInfo> {
    return this.#explained(key, "s3:GetObject", async () =>
      infoOf(await this.#client.send(new HeadObjectCommand(this.#object(key)), sendOptions(signal))),
    );
  }

  async put(key: string, body: Uint8Array, { md5, ifAbsent, ifMatch, signal }: PutOptions): Promise<Stored> {
    return this.#explained(key, "s3:PutObject", async () => {
      const condition = { ...(ifAbsent && { IfNoneMatch: "*" }), ...(ifMatch && { IfMatch: ifMatch }) };
      const input = { ...this.#object(key), ...this.#encryption(), ...condition, Body: body, ContentMD5: md5 };
      return this.#stored(key, await this.#client.send(new PutObjectCommand(input), sendOptions(signal)));
    });
  }

  async copy(key: string, source: string, signal?: AbortSignal): Promise<void> {
    await this.#explained(key, "s3:GetObject and s3:PutObject", async () => {
      const CopySource = source.split("/").map(encodeURIComponent).join("/");
      const input = { ...this.#object(key), ...this.#encryption(), CopySource };
      const { CopyObjectResult } = await this.#client.send(new CopyObjectCommand(input), sendOptions(signal));
      if (CopyObjectResult?.ETag === undefined) throw notS3Error(key, placeOf(this.#config));
    });
  }

  async list(prefix: string, { after, limit, signal }: ListOptions): Promise<ListPage> {
    return this.#explained(prefix, "s3:ListBucket", async () => {
      const { bucket: Bucket } = this.#config;
      const page = { ...(after && { ContinuationToken: after }), ...(limit && { MaxKeys: limit }) };
      const command = new ListObjectsV2Command({ Bucket, Prefix: prefix, ...page, ...this.#payer() });
      const answer = await this.#client.send(command, sendOptions(signal));
      if (answer.Name === undefined) throw notS3Error(prefix, placeOf(this.#config));
      const objects = (answer.Contents ?? []).map((one) => ({
        ...infoOf({ ...one, ContentLength: one.Size }),
        key: one.Key ?? "",
      }));
      const next = answer.IsTruncated ? answer.NextContinuationToken : undefined;
      // Who asks for a few does not go on.
      if (answer.IsTruncated && limit === undefined && (!next || next === after)) throw cutShort(prefix);
      return { objects, next };
    });
  }

  async remove(key: string, ifMatch?: string): Promise<void> {
    await this.#explained(key, "s3:DeleteObject", () =>
      this.#client.send(new DeleteObjectCommand({ ...this.#object(key), ...(ifMatch && { IfMatch: ifMatch }) })),
    );
  }

  async startUpload(key: string, signal?: AbortSignal): Promise<string> {
    return this.#explained(key, "s3:PutObject", async () => {
      const command = new CreateMultipartUploadCommand({ ...this.#object(key), ...this.#encryption() });
      return (await this.#client.send(command, sendOptions(signal))).UploadId ?? "";
    });
  }

  async sendPart({ key, id, signal }: Upload, { number, body, md5 }: Part): Promise<string> {
    return this.#explained(key, "s3:PutObject", async () => {
      const part = { PartNumber: number, UploadId: id, Body: body, ContentMD5: md5 };
      const answer = await this.#client.send(
        new UploadPartCommand({ ...this.#object(key), ...part }),
        sendOptions(signal),
      );
      return answer.ETag ?? "";
    });
  }

  async listParts({ key, id, signal }: Upload): Promise<ReadonlyMap<number, ArrivedPart> | undefined> {
    return this.#explained(key, "s3:ListMultipartUploadParts", async () => {
      const command = new ListPartsCommand({ ...this.#object(key), UploadId: id });
      const answer = await this.#client.send(command, sendOptions(signal)).catch(noSuchUpload);
      if (!answer) return undefined;
      return new Map(
        (answer.Parts ?? []).map(({ PartNumber = 0, ETag = "", Size = 0 }) => [PartNumber, { tag: ETag, size: Size }]),
      );
    });
  }

  async finishUpload({ key, id, signal }: Upload, tags: readonly string[]): Promise<Stored> {
    return this.#explained(key, "s3:PutObject", async () => {
      const Parts = tags.map((ETag, i) => ({ PartNumber: i + 1, ETag }));
      const input = { ...this.#object(key), UploadId: id, MultipartUpload: { Parts } };
      return this.#stored(key, await this.#client.send(new CompleteMultipartUploadCommand(input), sendOptions(signal)));
    });
  }

  async abortUpload({ key, id }: Upload): Promise<void> {
    await this.#explained(key, "s3:AbortMultipartUpload", () =>
      this.#client.send(new AbortMultipartUploadCommand({ ...this.#object(key), UploadId: id })),
    );
  }

  async makeBucket({ versioned }: { readonly versioned: boolean }): Promise<MadePlace> {
    const { bucket } = this.#config;
    return this.#explained(bucket, "s3:CreateBucket", () => createBucket(this.#client, { bucket, versioned }));
  }

  close(): void {
    this.#client.destroy();
  }

  #stored(key: string, { ETag }: { readonly ETag?: string | undefined }): Stored {
    if (ETag === undefined) throw notS3Error(key, placeOf(this.#config));
    return { tag: unquoted(ETag) };
  }

  #object(key: string) {
    return { Bucket: this.#config.bucket, Key: key, ...this.#payer() };
  }

  #payer() {
    return this.#config.requesterPays ? { RequestPayer: "requester" as const } : {};
  }

  #encryption() {
    const { sse, sseKmsKeyId } = this.#config;
    return { ...(sse && { ServerSideEncryption: sse }), ...(sseKmsKeyId && { SSEKMSKeyId: sseKmsKeyId }) };
  }

  /** `action`: the permission that it takes. */
  async #explained<T>(key: string, action: string, work: () => Promise<T>): Promise<T> {
    this.#onRequest();
    try {
      return await work();
    } catch (error) {
      throw s3Error(error, key, { ...placeOf(this.#config), action });
    }
  }
}

/** Ceph 16 calls an upload that is gone a key that is not there, where it is asked for parts. */
function noSuchUpload(error: unknown): undefined {
  const { name } = (error ?? {}) as { readonly name?: unknown };
  if (name !== "NoSuchUpload" && name !== "NoSuchKey") throw error;
}

function withoutLength(key: string): BackendError {
  const hint = "check the endpoint; a proxy that compresses or rewrites answers cannot be used";
  return new BackendError("unsupported", `the server sends ${key} without saying how long it is`, { path: key, hint });
}

/** Taken for the whole, it would make what it lacks look lost, or like nobody's. */
function cutShort(prefix: string): BackendError {
  const hint = "the endpoint, or a proxy before it, does not list as S3 does (ListObjectsV2); use another one";
  return new BackendError(
    "unsupported",
    `the server lists only some of ${prefix || "the bucket"}, and does not say how to go on`,
    {
      path: prefix,
      hint,
    },
  );
}

function sendOptions(signal: AbortSignal | undefined) {
  return signal ? { abortSignal: signal } : {};
}

interface SdkInfo {
  readonly ContentLength?: number | undefined;
  readonly LastModified?: Date | undefined;
  readonly ETag?: string | undefined;
}

function infoOf({ ContentLength = 0, LastModified, ETag }: SdkInfo): ObjectInfo {
  return { size: ContentLength, modified: LastModified?.getTime() ?? 0, tag: unquoted(ETag) };
}

function unquoted(tag: string | undefined): string | undefined {
  return tag?.replace(/^"|"$/g, "");
}
