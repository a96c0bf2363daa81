import { describe, expect, it } from "@jest/globals";
import { load } from "js-yaml";
import { schedulers } from "../../../src/pipeline/export/schedulers.ts";
import { argoFault } from "../../helper/schema.ts";

interface Template {
  readonly name: string;
  readonly dag?: { readonly tasks: readonly { readonly name: string; readonly dependencies?: readonly string[] }[] };
}

describe("a workflow for Argo", () => {
  it("is cut into graphs one after the other where Argo would not take one so large", async () => {
    const jobs = Array.from({ length: 401 }, (_, i) => ({
      stage: `s${i}`,
      id: `stage-s${i}`,
      needs: i === 0 ? [] : [`stage-s${i - 1}`],
    }));
    const workflow = load((await schedulers.argo?.(jobs)) ?? "") as {
      readonly spec: { readonly templates: Template[] };
    };
    expect(argoFault(workflow)).toBeNull();
    const graphs = workflow.spec.templates.filter(({ dag }) => dag);
    expect(graphs.map(({ name, dag }) => `${name} ${dag?.tasks.length}`)).toEqual([
      "pipeline 3",
      "part-1 200",
      "part-2 200",
      "part-3 1",
    ]);
    expect(graphs[0]?.dag?.tasks.map(({ dependencies }) => dependencies)).toEqual([undefined, ["part-1"], ["part-2"]]);
    // What lies in an earlier part is there, and needs not be waited for.
    expect(graphs[2]?.dag?.tasks.slice(0, 2).map(({ dependencies }) => dependencies)).toEqual([
      undefined,
      ["stage-s200"],
    ]);
  });
});
