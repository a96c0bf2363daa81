import { MlgitError, systemCode } from "./mlgit-error.ts";

/** What a signal to stop made somebody throw, as an error of ours; anything else as it is. */
export function asInterrupted(thrown: unknown): unknown {
  const name = (thrown as { name?: unknown } | null)?.name;
  if (systemCode(thrown) !== "ABORT_ERR" && name !== "AbortError") return thrown;
  return new MlgitError("interrupted", "interrupted", {
    hint: "what was finished stays; run the same command again",
    cause: thrown,
  });
}
