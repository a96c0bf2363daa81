import { MlgitError } from "../error/mlgit-error.ts";
import type { Artifacts, FoundArtifact } from "./artifacts.ts";
import { memoKey, type ParameterValue } from "./memo-key.ts";
import type { Parameters } from "./parameters.ts";
import type { Stage } from "./stage.ts";

/** A stage's inputs as they are now. */
export interface StageFacts {
  readonly key: string;
  readonly deps: readonly FoundArtifact[];
  readonly env: readonly FoundArtifact[];
  readonly params: readonly ParameterValue[];
}

/**
 * Looks at everything a stage declares as read.
 * @throws MlgitError kind `setup` for an input that is not there or an unknown parameter; it names stage and path.
 */
export async function gatherFacts(
  stage: Stage,
  { artifacts, parameters }: { readonly artifacts: Artifacts; readonly parameters: Parameters },
): Promise<StageFacts> {
  const find = (path: string) => artifacts.look(path) ?? missing(stage, path);
  const deps = stage.deps.map(find);
  const env = stage.env.map(find);
  const params = await parameters.of(stage);
  const { cmd, wdir, outputs } = stage;
  return { key: memoKey({ cmd, wdir, deps, env, params, outputs }), deps, env, params };
}

/** The outputs as they are now; undefined where there is none. */
export function currentOutputs(stage: Stage, artifacts: Artifacts): (FoundArtifact | undefined)[] {
  return stage.outputs.map(({ path }) => artifacts.look(path));
}

function missing(stage: Stage, path: string): never {
  throw new MlgitError("setup", `stage ${stage.name}: its input ${path} is not there, and no stage makes it`, {
    path,
    hint: `restore it (git restore ${path}, git mlgit hydrate), or mend the deps of ${stage.name} in mlgit.yaml`,
  });
}
