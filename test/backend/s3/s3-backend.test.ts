import { afterAll, beforeAll } from "@jest/globals";
import { S3Backend } from "../../../src/backend/s3/s3-backend.ts";
import { s3Config } from "../../../src/backend/s3/s3-config.ts";
import { isS3Available, startS3, useServerKeys } from "../../helper/s3-server.ts";
import { describeBackend } from "../contract.ts";
import { describeCopies } from "../copy-contract.ts";

/** A newer server, where somebody has unpacked one (test/server/rgw-tree.sh). */
const tree = process.env.MLGIT_TEST_RGW20 ?? "";
const guarantees = { exclusiveCreate: true, compareAndSwap: true };

let restore: () => void;
beforeAll(() => {
  restore = useServerKeys();
});
afterAll(() => restore());

for (const [title, servers] of [
  ["s3", ""],
  ["s3 on a newer server", tree],
] as const) {
  describeBackend(title, {
    skip: title === "s3" ? !isS3Available() : tree === "",
    open: async () => {
      const server = await startS3(servers);
      const url = `s3://${await server.newBucket()}/some/prefix`;
      return new S3Backend(s3Config({ url, endpointUrl: server.endpoint, guarantees }));
    },
  });

  const skip = title === "s3" ? !isS3Available() : tree === "";
  if (!skip)
    describeCopies(title, async () => {
      const server = await startS3(servers);
      const open = async (prefix: string, profile?: string) => {
        const url = `s3://${await server.newBucket()}/${prefix}`;
        return new S3Backend(
          s3Config({ url, endpointUrl: server.endpoint, guarantees, ...(profile ? { profile } : {}) }),
        );
      };
      return [await open("odd prefix+%20é"), await open("two"), await open("one", "another")];
    });
}
