import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { bundleFixture } from "../helper/bundle.ts";
import { createSandbox, randomBytes } from "../helper/sandbox.ts";

const sizes = [0, 1, 1023, 8192, 8193, 65_515, 65_516, 65_517, 131_032, 1_000_003];
const oddName = Buffer.from("caf\xe9 =\n.bin", "latin1");

describe("the filter scanner under a real git", () => {
  const box = createSandbox();
  afterAll(() => box.remove());
  let program = "";
  beforeAll(() => {
    program = bundleFixture("xor-filter", box.root);
  });

  async function repository(name: string, mode: string): Promise<string> {
    const cwd = await box.init(name);
    await box.git(["config", "filter.xor.process", `node '${program}' '${box.path(`${name}.log`)}' ${mode}`], { cwd });
    await box.git(["config", "filter.xor.required", "true"], { cwd });
    box.write(`${name}/.gitattributes`, "*.bin filter=xor -text\n");
    return cwd;
  }
  const log = (name: string) =>
    readFileSync(box.path(`${name}.log`), "utf8")
      .trim()
      .split("\n");

  it.each(["", "delay"])("carries every byte both ways %s", async (mode) => {
    const name = `bytes${mode}`;
    const cwd = await repository(name, mode);
    for (const size of sizes) box.write(`${name}/f${size}.bin`, randomBytes(size, size));
    await box.git(["add", "."], { cwd });
    for (const size of sizes) {
      const { bytes } = await box.git(["cat-file", "blob", `:f${size}.bin`], { cwd });
      const expected = randomBytes(size, size).map((byte) => byte ^ 0xff);
      expect(bytes.equals(expected)).toBe(true);
    }
    await box.run("sh", ["-c", "rm *.bin"], { cwd });
    await box.git(["checkout", "--", "."], { cwd });
    for (const size of sizes) expect(box.read(`${name}/f${size}.bin`).equals(randomBytes(size, size))).toBe(true);
    expect(log(name).at(-1)).toBe("end");
    expect(log(name).includes("delivered f1.bin")).toBe(mode === "delay");
  });

  it("hands path names on as the bytes they are", async () => {
    const cwd = await repository("names", "trace");
    const tree = box.path("names");
    await box.run("node", [
      "-e",
      `require("fs").writeFileSync(Buffer.from(process.argv[1], "hex"), "x")`,
      Buffer.concat([Buffer.from(`${tree}/`), oddName]).toString("hex"),
    ]);
    await box.git(["add", "."], { cwd });
    expect(readFileSync(box.path("names.log"), "utf8")).toContain(`clean ${oddName.toString("latin1")} - -\n`);
  });

  it("tells which blob and commit a checkout wants", async () => {
    const cwd = await repository("meta", "trace");
    box.write("meta/a.bin", "abc");
    await box.git(["add", "."], { cwd });
    await box.git(["commit", "-qm", "one"], { cwd });
    const blob = (await box.git(["rev-parse", "HEAD:a.bin"], { cwd })).stdout.trim();
    const head = (await box.git(["rev-parse", "HEAD"], { cwd })).stdout.trim();
    await box.git(["clone", "-q", "-n", cwd, box.path("meta2")]);
    await box.git(["config", "filter.xor.process", `node '${program}' '${box.path("meta2.log")}' trace`], {
      cwd: box.path("meta2"),
    });
    await box.git(["checkout", "-q", "main"], { cwd: box.path("meta2") });
    expect(log("meta2")).toContain(`smudge a.bin ${blob} ${head}`);
  });

  it("reads all of the content before it answers with an error", async () => {
    const cwd = await repository("refuse", "refuse");
    box.write("refuse/big.bin", randomBytes(1, 3_000_000));
    const { stderr } = await box.git(["add", "."], { cwd, code: 128 });
    expect(stderr).toContain("clean filter 'xor' failed");
    expect(log("refuse").at(-1)).toBe("end");
  });

  it("turns an answer that breaks half way into an error and stays usable", async () => {
    const cwd = await repository("break", "break");
    box.write("break/a.bin", randomBytes(1, 200_000));
    await box.git(["add", "."], { cwd, code: 128 });
    expect(log("break")).toEqual(["broke half way", "end"]);
  });

  it("takes an end of the stream inside the content for a failure, not for the end of the file", async () => {
    const cwd = await repository("cut", "");
    const filter = spawn("node", [program, box.path("cut.log")], { cwd, stdio: ["pipe", "ignore", "inherit"] });
    filter.stdin.end(
      "0016git-filter-client\n000eversion=2\n00000015capability=clean\n0000" +
        "0012command=clean\n0011pathname=a.b\n00000008abcd",
    );
    await new Promise((resolve) => filter.on("close", resolve));
    expect(log("cut")).toEqual(["interrupted: the stream from git ended inside the content of a file"]);
  });
});
