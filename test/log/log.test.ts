import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { createLog } from "../../src/log/log.ts";

describe("log", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mlgit-log-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const lines = (path: string) =>
    readFileSync(path, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));

  it("writes one JSON object per line, in order, without credentials", async () => {
    const path = join(folder, "log/mlgit.log");
    const log = createLog({ file: async () => path });
    log.info("push https://me:pw@host", { store: "s3://b", password: "pw2" });
    log.error("failed", { error: new Error("no route") });
    log.debug("not in the file");
    await log.close();
    expect(lines(path)).toMatchObject([
      { level: 30, store: "s3://b", password: "***", msg: "push https://***@host" },
      { level: 50, error: { message: "no route" }, msg: "failed" },
    ]);
    expect(lines(path)).toHaveLength(2);
  });

  it("asks for its file only when there is something to write", async () => {
    let asked = 0;
    const trace: string[] = [];
    const log = createLog({
      file: async () => {
        asked += 1;
        return undefined;
      },
      trace: (line) => trace.push(line),
    });
    log.debug("get", { key: "packs/ab", bytes: 12 });
    await log.close();
    expect([asked, trace.length]).toEqual([0, 1]);
    expect(trace[0]).toMatch(/^mlgit \d+\.\d{3} get key=packs\/ab bytes=12$/);
  });

  it("opens its file ahead of the first line when it is told to, and once", async () => {
    let asked = 0;
    const path = join(folder, "mlgit.log");
    const log = createLog({
      file: async () => {
        asked += 1;
        return path;
      },
    });
    log.ready();
    log.ready();
    expect(asked).toBe(1);
    log.info("done");
    await log.close();
    expect([asked, lines(path).length]).toEqual([1, 1]);
  });

  it("moves a large log aside and keeps three", async () => {
    const path = join(folder, "mlgit.log");
    for (let n = 1; n <= 5; n += 1) {
      writeFileSync(path, `${n}`.padEnd(4 * 1024 * 1024 + 1));
      const log = createLog({ file: async () => path });
      log.info("next");
      await log.close();
    }
    expect(readdirSync(folder).sort()).toEqual(["mlgit.log", "mlgit.log.1", "mlgit.log.2", "mlgit.log.3"]);
    expect(readFileSync(`${path}.1`, "utf8")[0]).toBe("5");
    expect(readFileSync(`${path}.3`, "utf8")[0]).toBe("3");
  });

  it("fails nobody when the file cannot be opened", async () => {
    const log = createLog({ file: async () => join("/dev/null", "mlgit.log") });
    log.info("lost");
    await expect(log.close()).resolves.toBeUndefined();
  });
});
