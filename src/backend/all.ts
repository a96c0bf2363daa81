import type { Backend, BackendFactory, BackendOptions } from "./backend.ts";
import { fileFactory } from "./file/file-config.ts";
import { parseStoreUrl, unknownScheme } from "./location.ts";
import { s3Factory } from "./s3/s3-config.ts";

/** Every kind of store. A factory is small; what it needs is loaded when it opens one. */
const factories: readonly BackendFactory[] = [fileFactory, s3Factory];

/** The schemes a store URL can have, without the colon. */
export const schemes: readonly string[] = factories.flatMap((factory) => factory.schemes);

/**
 * Opens the backend that a store URL names, with its wrappers. Makes no request yet.
 * @throws MlgitError kind `setup` for a URL or options that make no sense.
 */
export async function openBackend(options: BackendOptions): Promise<Backend> {
  const { scheme } = parseStoreUrl(options.url);
  const factory = factories.find((one) => one.schemes.includes(scheme));
  if (!factory) throw unknownScheme(options.url, schemes);
  return factory.open(options);
}
