import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { EntityProject } from "../helper/entity-project.ts";
import { isInstalled } from "../helper/web-server.ts";

const hasTerminal = isInstalled("script");

describe("the wizard", () => {
  const project = new EntityProject();
  beforeAll(() => project.start(), 240_000);
  afterAll(() => project.remove());

  it("never asks without a terminal, whatever is configured", async () => {
    expect(await project.fails(2, "mlgit", "datasets", "create", "w", "--wizard")).toContain("no terminal");
    await project.mlgit("repository", "config", "--set-wizard=enabled");
    expect(await project.fails(2, "mlgit", "datasets", "create", "w")).toContain("--categories is missing");
  }, 240_000);

  (hasTerminal ? it : it.skip)(
    "asks for what is missing, again where an answer makes no sense",
    async () => {
      await answer("git mlgit datasets create w", [
        ["Categories", "a b\r"],
        ["must not hold spaces", "\u007f\u007f\u007fone, two\r"],
        ["Mutability", "\u001b[B\r"],
      ]);
      expect(project.read("datasets/w/w.spec")).toBe(
        "dataset:\n  categories:\n    - one\n    - two\n  mutability: flexible\n  name: w\n  version: 1\n",
      );
    },
    240_000,
  );

  (hasTerminal ? it : it.skip)(
    "asks what other commands need to know, and nothing that was said",
    async () => {
      await project.commit("w");
      await project.mlgit("models", "create", "m", "--categories=c", "--mutability=mutable", "-q");
      project.write("models/m/data/weights", "1");
      project.write("metrics.csv", "loss\n0.5\n");
      const down = "\u001b[B\r";
      await answer("git mlgit models add m", [["CSV file with metrics", "metrics.csv\r"]]);
      await answer("git mlgit models commit m --version=1", [
        ["Message", "first\r"],
        ["Link a dataset?", down],
      ]);
      expect(project.read("models/m/m.spec")).toMatch(/loss: 0.5[\s\S]*tag: one__two__w__1/);
      await answer("git mlgit models checkout m --wizard", [
        ["Version", "1\r"],
        ["Check out the linked dataset, one__two__w__1, too?", down],
      ]);
      await answer("git mlgit models config m mutability", [["Mutability", "\r"]]);
      expect(project.read("models/m/m.spec")).toContain("mutability: strict");
      await answer("git mlgit repository storage add data --region=eu-west-1", [
        ["Type", "\r"],
        ["Profile", "team\r"],
        ["Endpoint", "https://s3.lab.example\r"],
      ]);
      expect(project.read(".mlgit/config.yaml")).toMatch(/url: s3:\/\/data[\s\S]*s3\.lab\.example/);
      await answer("git mlgit repository storage del data", [["Forget the storage data?", "\r"]]);
      expect(project.read(".mlgit/config.yaml")).toContain("s3://data");
      // With --json nothing is asked.
      expect(await project.fails(2, "mlgit", "models", "config", "m", "mutability", "--json")).toContain("missing");
    },
    240_000,
  );

  /** Types each answer when its question is on the screen. */
  function answer(line: string, dialog: readonly (readonly [question: string, keys: string])[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const args = ["-qec", `stty cols 100 rows 40; ${line}`, "/dev/null"];
      const child = spawn("script", args, { cwd: project.cwd, env: { ...project.box.env, TERM: "xterm" } });
      let screen = "";
      let next = 0;
      child.stdout.on("data", (chunk: Buffer) => {
        screen += chunk.toString("utf8");
        const [question, keys] = dialog[next] ?? [];
        if (question === undefined || !screen.includes(question)) return;
        next++;
        screen = "";
        child.stdin.write(keys ?? "");
      });
      child.on("error", reject);
      child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`exit ${code}: ${screen}`))));
    });
  }
});
