import { expect, it } from "@jest/globals";
import { describeWithS3 } from "./s3-server.ts";

describeWithS3("the S3 server of the tests", (server) => {
  it("answers, and makes buckets of different names", async () => {
    const { endpoint, newBucket } = await server();
    expect((await fetch(endpoint)).status).toBe(200);
    expect(await newBucket()).not.toBe(await newBucket());
  });

  it("is the same one when it is asked for again", async () => {
    expect((await server()).endpoint).toBe((await server()).endpoint);
  });
});
