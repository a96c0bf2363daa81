import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { DeferredJournal } from "../../src/hydrate/deferred.ts";
import { oidOf, pointerOf } from "./pointer-of.ts";
import { randomBytes } from "./sandbox.ts";
import { type Clone, createProject, createTeam, type Team } from "./team.ts";

/** Larger than what the filter streams, so that it is always deferred. */
export const bigOf = (seed: number) => randomBytes(seed, 400_000 + seed);

/**
 * The tests that every one of git's post-* hooks passes. `act` runs a git command that calls the hook, in a clone at the branch `main` whose big.bin is
 * bigOf(1), beside a branch `side` (one commit ahead) where it is bigOf(2); afterwards big.bin must be bigOf(2).
 */
export function describePostHook(name: string, act: (work: Clone) => Promise<unknown>): void {
  describe(`git mlgit ${name}`, () => {
    let team: Team;
    let work: Clone;
    let log: string;
    beforeAll(async () => {
      team = await createTeam();
      log = team.box.path("log");
      work = await createProject(team);
      writeUserHook(work, name, log);
      work.write("big.bin", bigOf(1));
      await work.commit("one");
      await work.git(["checkout", "-q", "-b", "side"]);
      work.write("big.bin", bigOf(2));
      await work.commit("two");
      await work.git(["checkout", "-q", "main"]);
    });
    afterAll(() => team.box.remove());

    it("hydrates before the user's own hook of that name runs", async () => {
      rmSync(log, { force: true });
      await act(work);
      expect(work.read("big.bin").equals(bigOf(2))).toBe(true);
      expect(readFileSync(log, "utf8").trim().split("\n").at(-1)).toBe(oidOf(bigOf(2)));
      expect(await work.status()).toBe("");
    });

    it("hydrates what waits, leaves what was edited, and does nothing when nothing waits", async () => {
      await work.git(["reset", "-q", "--hard"]);
      await work.mlgit(["dehydrate", "big.bin"]);
      await work.mlgit([name]);
      expect(work.read("big.bin").toString()).toBe(pointerOf(bigOf(2)));
      const journal = new DeferredJournal(`${work.top}/.git`);
      const waiting = { path: Buffer.from("big.bin"), oid: oidOf(bigOf(2)), size: bigOf(2).length };
      journal.append(waiting);
      await work.mlgit([name]);
      expect(work.read("big.bin").equals(bigOf(2))).toBe(true);
      work.write("big.bin", "mine");
      journal.append(waiting);
      await work.mlgit([name]);
      expect(work.read("big.bin").toString()).toBe("mine");
      expect(existsSync(`${work.top}/.git/mlgit-deferred`)).toBe(false);
      await work.git(["checkout", "-q", "big.bin"]);
    });

    it("reports what cannot be had and succeeds, unless mlgit.strictHydrate is set", async () => {
      const lost = pointerOf("nobody has this");
      work.write("data/lost", lost);
      await work.git(["add", "data/lost"]);
      const journal = new DeferredJournal(`${work.top}/.git`);
      const waiting = { path: Buffer.from("data/lost"), oid: oidOf("nobody has this"), size: 15 };
      journal.append(waiting);
      const { stderr } = await work.mlgit([name]);
      expect(stderr).toContain("data/lost");
      expect(stderr).toContain("git mlgit hydrate");
      journal.append(waiting);
      await work.git(["config", "mlgit.strictHydrate", "true"]);
      await work.mlgit([name], { code: 4 });
      expect(work.read("data/lost").toString()).toBe(lost);
    });

    it("has nothing to do in a bare repository", async () => {
      await team.box.mlgit([name], { cwd: team.remote });
    });
  });
}

/** Writes down the oid of what big.bin is at that moment. */
function writeUserHook(work: Clone, name: string, log: string): void {
  mkdirSync(`${work.top}/.git/hooks`, { recursive: true });
  const path = `${work.top}/.git/hooks/${name}.before-mlgit`;
  writeFileSync(path, `#!/bin/sh\nsha256sum big.bin | cut -d ' ' -f 1 >>'${log}'\n`);
  chmodSync(path, 0o755);
}
