import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { rememberNoted, wasNoted } from "../../../src/store/local/noted-users.ts";

let journal: string;
beforeEach(() => {
  journal = mkdtempSync(join(tmpdir(), "mlgit-noted-"));
});
afterEach(() => rmSync(journal, { recursive: true, force: true }));

const day = 24 * 60 * 60 * 1000;
const user = { store: "id-1", remote: "/srv/a b" };

it("remembers for some days who was noted, by store and remote", () => {
  expect(wasNoted(journal, user, 10 * day)).toBe(false);
  rememberNoted(journal, user, 10 * day);
  expect(wasNoted(journal, user, 12 * day)).toBe(true);
  expect(wasNoted(journal, { ...user, store: "id-2" }, 12 * day)).toBe(false);
  expect(wasNoted(journal, { ...user, remote: "/srv/a" }, 12 * day)).toBe(false);
});

it("asks again after days, and where the clock went back", () => {
  rememberNoted(journal, user, 10 * day);
  expect(wasNoted(journal, user, 14 * day)).toBe(false);
  expect(wasNoted(journal, user, 9 * day)).toBe(false);
  rememberNoted(journal, user, 14 * day);
  expect(wasNoted(journal, user, 15 * day)).toBe(true);
});

it("does without, where it is damaged or cannot be written", () => {
  writeFileSync(join(journal, "users"), Buffer.from([0, 255, 10, 49]));
  expect(wasNoted(journal, user)).toBe(false);
  const nowhere = join(journal, "not/there");
  rememberNoted(nowhere, user);
  expect(wasNoted(nowhere, user)).toBe(false);
});
