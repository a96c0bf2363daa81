import { Readable } from "node:stream";
import { expect, it } from "@jest/globals";
import { AdaptiveLimit } from "../../../src/backend/adaptive-limit.ts";
import { BackendError } from "../../../src/backend/backend-error.ts";
import { retrying } from "../../../src/backend/retry-policy.ts";
import type { S3Api } from "../../../src/backend/s3/s3-api.ts";
import { EtagStyle } from "../../../src/backend/s3/s3-etag.ts";
import { upload, wholeLimit } from "../../../src/backend/s3/s3-upload.ts";
import { failure } from "../contract.ts";

/** What a minute without a byte gives. */
const silent = () => new BackendError("unreachable", "no answer in time", { retryable: true, maxRetries: 3 });

/** An upload in parts, tried as a push does; what was asked for. */
async function send(answers: Partial<S3Api>) {
  const asked = { started: 0, parts: 0, finished: 0, told: 0 };
  const api = {
    startUpload: async () => `${++asked.started}`,
    sendPart: async (_, { number }) => {
      if (number === 2) asked.parts++;
      return (await answers.sendPart?.(_, { number, body: Buffer.alloc(0), md5: "" })) ?? "tag";
    },
    finishUpload: (...all) => {
      asked.finished++;
      return answers.finishUpload!(...all);
    },
    head: async () => {
      throw silent();
    },
    abortUpload: async () => {},
  } as Partial<S3Api> as S3Api;
  const context = { api, etag: new EtagStyle(), bodies: new AdaptiveLimit({ start: 4, most: 4 }) };
  const onRetry = () => void asked.told++;
  const body = Buffer.alloc(wholeLimit + 1);
  const error = await failure(retrying(() => upload(context, "key", body, { onRetry }), { onRetry }));
  return { ...asked, error };
}

it("waits for a part as often as for any other answer, and begins no new upload for it", async () => {
  const asked = await send({
    sendPart: async (_, { number }) => {
      if (number === 2) throw silent();
      return "tag";
    },
  });
  expect(asked).toMatchObject({ started: 1, parts: 4, told: 3, error: { message: "no answer in time" } });
});

it("waits so for the joining of the parts, too", async () => {
  const finishUpload = async () => {
    throw silent();
  };
  expect(await send({ finishUpload })).toMatchObject({ started: 1, finished: 4, told: 3 });
});

it("says of a server that stores other bytes what looks for more of them", async () => {
  const tag = "0".repeat(32);
  const api = {
    put: async () => ({ tag }),
    get: async () => ({ tag, body: Readable.from([Buffer.from("other")]) }),
  } as Partial<Record<keyof S3Api, unknown>> as unknown as S3Api;
  const context = { api, etag: new EtagStyle(), bodies: new AdaptiveLimit({ start: 4, most: 4 }) };
  const error = await failure(upload(context, "key", Buffer.from("bytes"), {}));
  expect(error).toMatchObject({ kind: "corrupt", retryable: true });
  expect(error.hint).toMatch(/git mlgit fsck --store --paranoid$/);
});
