import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createDataProject, type DataProject } from "./data-project.ts";

export interface PipelineProject extends DataProject {
  /** `git mlgit repro --json`: what was done for each stage. */
  repro(...args: string[]): Promise<Record<string, string>>;
  /** How often a stage's command has run: commands note it with `echo >> .git/ran/<stage>`. */
  ran(stage: string): number;
}

/** A DataProject with the folder `.git/ran` for stages to count themselves in. */
export async function createPipelineProject(): Promise<PipelineProject> {
  const project = await createDataProject();
  project.write(".git/ran/x", "");
  return {
    ...project,
    ran(stage) {
      const file = join(project.work, ".git/ran", stage);
      return existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
    },
    async repro(...args) {
      const result = await project.mlgit(["repro", "--json", ...args], { code: "any" });
      const { stages } = JSON.parse(result.stdout) as { stages: { stage: string; action: string; ending: string }[] };
      return Object.fromEntries(
        stages.map(({ stage, action, ending }) => [stage, ending === "done" ? action : `${action} ${ending}`]),
      );
    },
  };
}

/** A command for the shell that counts itself and then does the rest. */
export function counted(stage: string, line: string): string {
  return `echo x >> .git/ran/${stage}; ${line}`;
}
