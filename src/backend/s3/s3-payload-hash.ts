import type { S3Client } from "@aws-sdk/client-s3";

/** Smaller bodies are hashed for the signature: that is soon done. */
const worthSparing = 256 << 10;

interface Signable {
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

/**
 * Large bodies that come with Content-MD5 are not hashed once more for the signature, as with Amazon's own command over https. The signature covers that
 * header, so the server still refuses bytes that changed on the way; who can forge an MD5 there could as well answer in the server's place; and whoever reads the
 * store later proves every chunk by its name.
 */
export function leaveLargePayloadsUnsigned(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const { headers, body } = args.request as Signable;
      if (isLarge(body) && hasMd5(headers)) headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD";
      return next(args);
    },
    // Last of its step: the signer, one step later, takes the header as it is.
    { step: "build", priority: "low", name: "mlgitUnsignedPayload" },
  );
}

function isLarge(body: unknown): boolean {
  return body instanceof Uint8Array && body.length >= worthSparing;
}

function hasMd5(headers: Record<string, string>): boolean {
  return Object.keys(headers).some((name) => name.toLowerCase() === "content-md5");
}
