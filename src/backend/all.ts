import { MlgitError } from "../error/mlgit-error.ts";
import type { Backend, BackendOptions } from "./backend.ts";

/** Opens the backend that a store URL names, with its wrappers. */
export async function openBackend(options: BackendOptions): Promise<Backend> {
  throw new MlgitError("setup", `no backend for ${options.url}`);
}
