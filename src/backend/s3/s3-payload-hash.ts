import { webcrypto } from "node:crypto";
import type { S3Client } from "@aws-sdk/client-s3";
import limit from "p-limit";

/** Smaller bodies are hashed sooner than handed over. */
const worthHandingOver = 256 << 10;
/** Each is copied before it is hashed. */
const hashing = limit(2);

interface Signable {
  readonly protocol: string;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

/**
 * Large bodies are hashed for the signature in the thread pool, where the SDK would hold up the thread that chunks and compresses. Over https they are
 * not signed at all, as with Amazon's own command: TLS keeps them whole, and Content-MD5 says what the server must find.
 */
export function hashPayloadsBeside(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      await addPayloadHash(args.request as Signable);
      return next(args);
    },
    // Last of its step: the signer, one step later, takes the header as it is.
    { step: "build", priority: "low", name: "mlgitPayloadHash" },
  );
}

async function addPayloadHash({ protocol, headers, body }: Signable): Promise<void> {
  if (!(body instanceof Uint8Array) || body.length < worthHandingOver) return;
  if (protocol === "https:") headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD";
  else headers["x-amz-content-sha256"] = Buffer.from(await hashing(() => sha256(body))).toString("hex");
}

function sha256(body: Uint8Array): Promise<ArrayBuffer> {
  return webcrypto.subtle.digest("SHA-256", body);
}
