/** The file that holds a repository's stages, at its top. Format: docs/format/pipeline.md. */
export const pipelineFile = "mlgit.yaml";

/** Where parameters are when nothing else is said. */
export const defaultParameterFile = "params.yaml";

export interface ParameterRef {
  /** Relative to the top of the repository. */
  readonly file: string;
  /** Dotted; empty for everything in the file. */
  readonly name: string;
}

/** `kept`: tracked, restored from a memo. `scratch`: made and not kept. `metrics`: small, stays in git as it is. */
export type OutputKind = "kept" | "scratch" | "metrics";

export interface Output {
  readonly path: string;
  readonly kind: OutputKind;
}

/** A program whose output says what a run was made with. It is run only where the stage's own command is, right before it. */
export interface Probe {
  readonly name: string;
  /** For `sh -c`, or a program and its arguments. */
  readonly cmd: string | readonly string[];
}

/** One step of a pipeline. All paths are relative to the top of the repository, whatever `wdir` is. */
export interface Stage {
  readonly name: string;
  /** For `sh -c`, or a program and its arguments. */
  readonly cmd: string | readonly string[];
  /** The folder the command runs in; empty for the top. */
  readonly wdir: string;
  readonly deps: readonly string[];
  readonly outputs: readonly Output[];
  readonly params: readonly ParameterRef[];
  /** Files that describe the environment (a lock file of libraries, an image digest): inputs that get a role of their own. */
  readonly env: readonly string[];
  readonly kind: string;
  /** Those of the whole file included. Not part of the memo key. */
  readonly probes: readonly Probe[];
  /** Never run, whatever has changed. */
  readonly frozen: boolean;
  /** Run even if nothing has changed. */
  readonly always: boolean;
}

/** Every path a stage reads: deps, environment files, parameter files. Each once. */
export function inputPaths(stage: Stage): string[] {
  return [...new Set([...stage.deps, ...stage.env, ...stage.params.map(({ file }) => file)])];
}

/** True if `path` is `folder` or lies below it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
