import { afterAll, describe, expect, it, jest } from "@jest/globals";
import { createPipelineProject, type PipelineProject } from "../helper/pipeline-project.ts";

jest.setTimeout(240_000);

describe("git mlgit params", () => {
  let project: PipelineProject;
  afterAll(() => project.box.remove());

  it("tells types apart, reads TOML, and says which file where two have the same name", async () => {
    project = await createPipelineProject();
    project.write("params.yaml", "seed: 1\n");
    project.write("more.toml", "seed = 7\n");
    await project.commit("one");
    project.write("params.yaml", 'seed: "1"\n');
    expect((await project.mlgit(["params", "diff", "--csv"])).stdout).toBe(
      "file,name,HEAD,worktree,change\nparams.yaml,seed,1,1,\n",
    );
    const both = ["params", "show", "--csv", "--file", "params.yaml", "--file", "more.toml", "HEAD"];
    expect((await project.mlgit(both)).stdout).toBe("version,params.yaml:seed,more.toml:seed\nHEAD,1,7\n");
  });
});
