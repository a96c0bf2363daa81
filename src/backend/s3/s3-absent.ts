import { type BackendError, missingError } from "../backend-error.ts";
import type { S3Api } from "./s3-api.ts";

export interface Sought {
  readonly api: S3Api;
  readonly key: string;
  readonly location: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Who may list only below a prefix (docs/security.md) is told "denied" of an object that is not there, as if it could not be read. The list knows better.
 * @returns the error to throw: that there is no such object, or what the server said.
 */
export async function absentOrDenied({ api, key, location, signal }: Sought, error: unknown): Promise<unknown> {
  if ((error as BackendError).kind !== "denied") return error;
  try {
    const { objects } = await api.list(key, { limit: 1, signal });
    return objects.some((object) => object.key === key) ? error : missingError(key, location, error);
  } catch {
    return error;
  }
}
