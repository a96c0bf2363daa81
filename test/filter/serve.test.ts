import { existsSync, readdirSync, rmSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { type FilterAnswer, FilterClient, packet } from "../helper/filter-client.ts";
import { oidOf, pointerOf } from "../helper/pointer-of.ts";
import { randomBytes } from "../helper/sandbox.ts";
import { type Clone, createProject, createTeam, type Team } from "../helper/team.ts";

describe("the filter protocol", () => {
  let team: Team;
  let work: Clone;
  const started: FilterClient[] = [];
  const start = async () => {
    const filter = await FilterClient.start(team.box, work.top);
    started.push(filter);
    return filter;
  };
  const success = (content: string | Uint8Array) => ({ status: "status=success", oid: oidOf(content) });
  const seen = ({ status, content }: FilterAnswer) => ({ status, oid: oidOf(content) });
  const cached = (bytes: Uint8Array) =>
    existsSync(`${work.top}/.git/mlgit/files/${oidOf(bytes).slice(0, 2)}/${oidOf(bytes)}`);
  beforeAll(async () => {
    team = await createTeam();
    work = await createProject(team);
  });
  afterEach(() => Promise.all(started.splice(0).map((filter) => filter.kill())));
  afterAll(() => team.box.remove());

  it("cleans and smudges many contents in one process", async () => {
    const filter = await start();
    for (const size of [0, 1, 65_515, 65_516, 65_517, 300_000, 2_000_000]) {
      const bytes = randomBytes(`serve ${size}`, size);
      const pointer = size === 0 ? "" : pointerOf(bytes);
      expect(seen(await filter.clean("data/x", bytes))).toEqual(success(pointer));
      expect(seen(await filter.smudge("data/x", pointer, false))).toEqual(success(bytes));
    }
    expect(await filter.end()).toBe(0);
  });

  it("answers small content at once when git could wait, and defers the rest until git hangs up", async () => {
    const filter = await start();
    const [small, big] = [randomBytes("s", 262_144), randomBytes("b", 262_145)];
    work.write("data/small", pointerOf(small));
    work.write("data/big", pointerOf(big));
    await filter.clean("data/small", small);
    await filter.clean("data/big", big);
    expect(seen(await filter.smudge("data/small", pointerOf(small), true))).toEqual(success(small));
    expect(seen(await filter.smudge("data/big", pointerOf(big), true))).toEqual(success(pointerOf(big)));
    // git may run hooks now, who look there.
    expect(existsSync(`${work.top}/.git/mlgit-deferred`)).toBe(true);
    expect(await filter.end()).toBe(0);
    expect(work.read("data/big").equals(big)).toBe(true);
    expect(work.read("data/small").toString()).toBe(pointerOf(small));
    expect(readdirSync(`${work.top}/.git`).filter((name) => name.startsWith("mlgit-deferred"))).toEqual([]);
  });

  it("says status=error for what it cannot have, names path, oid and reason, and goes on", async () => {
    const filter = await start();
    const lost = pointerOf("nobody has this");
    expect((await filter.smudge("data/lost", lost, false)).status).toBe("status=error");
    expect((await filter.clean("data/next", "next")).status).toBe("status=success");
    expect(await filter.end()).toBe(1);
    expect(filter.stderr).toContain("data/lost: ");
    expect(filter.stderr).toContain("hint: ");
  });

  it.each([
    ["in the middle of a packet", (filter: FilterClient) => filter.send(Buffer.from("fff0 half"))],
    ["between two packets of content", (filter: FilterClient) => filter.send(packet(Buffer.alloc(65_516, 1)))],
  ])("stores nothing when the stream ends %s, and does not end with 0", async (_, cut) => {
    const filter = await start();
    const bytes = randomBytes("cut", 3_000_000);
    filter.begin("clean", "data/cut");
    for (let at = 0; at < bytes.length; at += 60_000) filter.send(packet(bytes.subarray(at, at + 60_000)));
    cut(filter);
    expect(await filter.end()).not.toBe(0);
    expect(cached(bytes)).toBe(false);
    expect(readdirSync(`${work.top}/.git/mlgit/tmp`)).toEqual([]);
    expect(filter.stderr).toContain("ended inside");
  });

  it("keeps what was answered when the stream ends inside the next request", async () => {
    const filter = await start();
    const [small, large] = [randomBytes("kept", 10_000), randomBytes("kept large", 2_000_000)];
    await filter.clean("data/kept", small);
    await filter.clean("data/kept large", large);
    filter.begin("clean", "data/cut");
    filter.send(packet("half"));
    expect(await filter.end()).not.toBe(0);
    const next = await start();
    expect(seen(await next.smudge("data/kept", pointerOf(small), false))).toEqual(success(small));
    expect(seen(await next.smudge("data/kept", pointerOf(large), false))).toEqual(success(large));
    expect(await next.end()).toBe(0);
  });

  it("loses nothing it answered when it is killed, and the next process leaves nothing open", async () => {
    const filter = await start();
    const contents = Array.from({ length: 200 }, (_, i) => randomBytes(`killed ${i}`, 100 + 977 * i));
    for (const bytes of contents) expect((await filter.clean("data/x", bytes)).status).toBe("status=success");
    filter.begin("clean", "data/half");
    filter.send(packet("never finished"));
    await filter.kill();
    const packs = () => readdirSync(`${work.top}/.git/mlgit/packs`).filter((name) => name.startsWith("open-"));
    expect(packs()).toHaveLength(1);
    const next = await start();
    for (const bytes of contents)
      expect(seen(await next.smudge("data/x", pointerOf(bytes), false))).toEqual(success(bytes));
    expect(await next.end()).toBe(0);
    expect(packs()).toEqual([]);
  });

  it("works for two processes that take in the same and other contents at once", async () => {
    const filters = await Promise.all([start(), start(), start()]);
    const shared = Array.from({ length: 60 }, (_, i) => randomBytes(`shared ${i}`, 500 + i));
    const large = randomBytes("shared large", 1_500_000);
    await Promise.all(
      filters.map(async (filter, who) => {
        for (const bytes of [...shared, large, randomBytes(`own ${who}`, 7000)])
          expect(seen(await filter.clean("data/x", bytes))).toEqual(success(pointerOf(bytes)));
      }),
    );
    // What another process is still writing can be read already.
    const reader = await start();
    expect(seen(await reader.smudge("data/x", pointerOf(randomBytes("own 1", 7000)), false))).toEqual(
      success(randomBytes("own 1", 7000)),
    );
    expect(await Promise.all([...filters, reader].map((filter) => filter.end()))).toEqual([0, 0, 0, 0]);
    const next = await start();
    for (const bytes of [...shared, large])
      expect(seen(await next.smudge("data/x", pointerOf(bytes), false))).toEqual(success(bytes));
    await next.end();
  });

  it("streams a damaged copy to nobody: git is told of an error, or gets it anew from the store", async () => {
    const bytes = randomBytes("to be damaged", 1_400_000);
    work.write("data/d", bytes);
    await work.commit();
    const path = `.git/mlgit/files/${oidOf(bytes).slice(0, 2)}/${oidOf(bytes)}`;
    const damage = () => {
      const wrong = Buffer.from(bytes);
      wrong[700_000]! ^= 4;
      rmSync(`${work.top}/${path}`);
      work.write(path, wrong);
    };
    damage();
    const first = await start();
    expect((await first.smudge("data/d", pointerOf(bytes), false)).status).toBe("status=error");
    await first.end();
    await work.git(["hash-object", "-w", "--path=data/d", "data/d"]);
    await work.git(["push", "-q", "origin", "main"]);
    damage();
    const second = await start();
    expect(seen(await second.smudge("data/d", pointerOf(bytes), false))).toEqual(success(bytes));
    await second.end();
    expect(readdirSync(`${work.top}/.git/mlgit/bad`)).toHaveLength(2);
  });
});
