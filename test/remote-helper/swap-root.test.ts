import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it, jest } from "@jest/globals";
import type { RefScheme } from "../../src/remote-helper/repository-marker.ts";
import { emptyRoot, nextRoot, type Root } from "../../src/remote-helper/root.ts";
import { type RootPlace, rootPlace, type Snapshot } from "../../src/remote-helper/root-place.ts";
import { swapRoot } from "../../src/remote-helper/swap-root.ts";
import { everySchedule, type Fate, SteppedStore } from "./stepped-backend.ts";

jest.setTimeout(240_000);

/** Commits are numbers of 40 digits: the parent's, times ten, plus the writer's. So a branch's value shows its history. */
const branch = "refs/heads/main";
const append = (root: Root, writer: number) =>
  `${(root.refs.get(branch) ?? "").replace(/^0+/, "")}${writer}`.padStart(40, "0");
const historyOf = (root: Root) => (root.refs.get(branch) ?? "").replace(/^0+/, "").split("");

type Replace = (place: RootPlace, before: Snapshot, next: Root) => Promise<boolean>;
const honest: Replace = (place, before, next) => place.replace(before, next);

async function write(place: RootPlace, writer: number, replace: Replace): Promise<boolean> {
  const transaction = String(writer).repeat(16);
  const first = await place.read();
  if (!first) throw new Error("no root");
  const swapped = {
    ...place,
    rescue: async () => false,
    read: () => place.read(),
    replace: (before: Snapshot | undefined, next: Root) => replace(place, before!, next),
  };
  return swapRoot({ place: swapped, transaction, first, pause: async () => {} }, async (root) =>
    nextRoot(root, transaction, { refs: new Map([[branch, append(root, writer)]]) }),
  );
}

interface World {
  readonly scheme: RefScheme;
  readonly writers: number;
  /** What may happen to a save once in a run, besides that it is done. */
  readonly fates: readonly Fate[];
  readonly replace?: Replace;
}

/** One run; returns what went wrong. */
async function runOnce({ scheme, writers, fates, replace = honest }: World, choose: (options: number) => number) {
  const store = new SteppedStore();
  await rootPlace(store.memory, scheme).replace(undefined, nextRoot(emptyRoot("r", "sha1"), "0".repeat(16), {}));
  let settled = 0;
  let mayFail = fates.length > 0;
  const acknowledged: number[] = [];
  for (let writer = 1; writer <= writers; writer++)
    write(rootPlace(store.viewOf(writer), scheme), writer, replace).then(
      (done) => {
        settled++;
        if (done) acknowledged.push(writer);
      },
      () => settled++,
    );
  for (let crashed = 0; ; ) {
    while (store.waiting.length + settled + crashed < writers) await turn();
    if (store.waiting.length === 0) break;
    const ordered = [...store.waiting].sort((a, b) => a.actor - b.actor);
    const options = ordered.flatMap((waiting) =>
      (waiting.isSave && mayFail ? (["done", ...fates] as const) : (["done"] as const)).map((fate) => ({
        waiting,
        fate,
      })),
    );
    const { waiting, fate } = options[choose(options.length)]!;
    if (fate !== "done") mayFail = false;
    if (fate.startsWith("crash")) crashed++;
    waiting.go(fate);
    await turn();
  }
  const final = await rootPlace(store.memory, scheme).read();
  const history = historyOf(final!.root);
  const lost = acknowledged.filter((writer) => !history.includes(String(writer)));
  const twice = history.filter((writer, i) => history.indexOf(writer) !== i);
  return lost.length > 0 ? `lost ${lost} of ${history}` : twice.length > 0 ? `twice: ${history}` : undefined;
}

async function explore(world: World): Promise<{ runs: number; wrong: string | undefined }> {
  let wrong: string | undefined;
  const runs = await everySchedule(async (choose) => {
    const result = await runOnce(world, choose);
    wrong ??= result;
  });
  return { runs, wrong };
}

const faults: readonly Fate[] = ["answer lost", "request lost", "crash", "crash after"];

describe("replacing the root, in every order that is possible", () => {
  it.each<World & { atLeast: number }>([
    { scheme: "swap", writers: 2, fates: faults, atLeast: 50 },
    { scheme: "log", writers: 2, fates: faults, atLeast: 500 },
    { scheme: "swap", writers: 3, fates: [], atLeast: 200 },
  ])("loses nothing that was acknowledged, and does nothing twice: $scheme, $writers writers", async (world) => {
    const { runs, wrong } = await explore(world);
    expect(wrong).toBeUndefined();
    expect(runs).toBeGreaterThan(world.atLeast);
  });

  it("would notice a place that keeps no condition", async () => {
    const careless: Replace = (place, before, next) => place.read().then((now) => place.replace(now ?? before, next));
    const { wrong } = await explore({ scheme: "swap", writers: 2, fates: [], replace: careless });
    expect(wrong).toContain("lost");
  });

  it("does not make a root of one that was read more than an hour ago, where old roots are removed", async () => {
    const place = rootPlace(new SteppedStore().memory, "log");
    const root = nextRoot(emptyRoot("r", "sha1"), "0".repeat(16), {});
    await place.replace(undefined, root);
    const read = await place.read();
    const old = { ...read!, at: performance.now() - 3_600_001 };
    expect(await place.replace(old, nextRoot(root, "1".repeat(16), {}))).toBe(false);
    expect(await place.replace(read, nextRoot(root, "1".repeat(16), {}))).toBe(true);
  });
});
