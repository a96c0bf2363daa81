import type { Backend } from "../backend/backend.ts";
import { isNoFolderError } from "../backend/backend-error.ts";
import { assertContactAllowed, assertCreationAllowed } from "../config/choose-store.ts";
import type { StoreSettings } from "../config/settings.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import { readMarker } from "../store/remote/marker.ts";
import { formatBytes } from "../util/format-bytes.ts";
import type { Action } from "./command.ts";
import { loadSettings, resolveStore } from "./load-settings.ts";
import { type StoreReport, testStore } from "./probe-store.ts";

export const test = {
  name: "test",
  summary: "Try a store: write, read, remove, race, and measure",
  arguments: [{ name: "[name]", description: "the one that a push would use if absent" }],
  async run(context, [wanted]) {
    const repository = await context.repository();
    const store = await resolveStore(repository, await loadSettings(repository), {
      store: wanted,
      direction: "push",
    });
    assertContactAllowed(store);
    const backend = await context.openBackend(store);
    try {
      const initialised = await isInitialised(backend, store, context.signal);
      if (initialised === undefined)
        return {
          text: `${backend.location} is not there yet; the first push makes it`,
          data: { name: store.name, initialised: false },
        };
      if (!initialised) assertCreationAllowed(store);
      const report = await testStore(backend, context.signal);
      return { text: describe(report, initialised), data: { name: store.name, initialised, ...report } };
    } finally {
      await backend.close();
    }
  },
} satisfies Action;

/** Is there a store of mlgit's? Undefined where even its folder will only be made, in the repository that it follows. */
async function isInitialised(
  backend: Backend,
  store: StoreSettings,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  try {
    const isThere = (await readMarker(backend, signal)) !== undefined;
    if (!isThere && !backend.properties.writable) throw noStore(backend.location);
    return isThere;
  } catch (error) {
    if (store.source === "remote" && isNoFolderError(error)) return undefined;
    throw error;
  }
}

function noStore(location: string): MlgitError {
  return new MlgitError("missing", `there is no store at ${location}, and it can be read only`, {
    hint: "is the address right? whoever keeps the place writes one with: git mlgit publish --static <folder>",
  });
}

function describe(report: StoreReport, initialised: boolean): string {
  if (!report.writable) return `${report.location} can be read only`;
  const yes = (value: boolean | undefined) => (value ? "kept" : "NOT kept");
  return [
    `${report.location} works`,
    `a store of mlgit's: ${initialised ? "yes" : "not yet; the first push makes it"}`,
    `exclusive creation in a race: ${yes(report.guarantees?.exclusiveCreate)}`,
    `compare-and-swap in a race: ${yes(report.guarantees?.compareAndSwap)}`,
    `read after write: ${yes(report.readAfterWrite)}`,
    `first answer: ${report.latencyMs} ms; up: ${formatBytes(report.uploadBytesPerSecond ?? 0)}/s; down: ${formatBytes(report.downloadBytesPerSecond ?? 0)}/s`,
    ...consequences(report),
  ].join("\n");
}

/** What follows for whoever uses it. */
function consequences({ guarantees, readAfterWrite, removable }: StoreReport): string[] {
  const refs = guarantees?.exclusiveCreate
    ? guarantees.compareAndSwap
      ? "a git repository can live here too (mlgit::), its refs swapped in one step"
      : "a git repository can live here too (mlgit::), its refs as numbered files"
    : "no git repository can live here (mlgit:: is refused): two writers would overwrite each other's refs";
  const fresh =
    "readers lag behind writers: a clone right after a push may find that data is missing, and finds it later";
  const kept =
    "these credentials may not remove: a push needs no such right, gc and fsck --fix do; what was tried stays below gc/probe/";
  return [
    "data is safe here: objects are named by their content and never change",
    refs,
    ...(readAfterWrite ? [] : [fresh]),
    ...(removable === false ? [kept] : []),
  ];
}
