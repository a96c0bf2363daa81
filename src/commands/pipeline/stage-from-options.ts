import { basename } from "node:path";
import { MlgitError } from "../../error/mlgit-error.ts";
import { parseProbe } from "../../pipeline/probe-list.ts";
import type { Output, OutputKind, ParameterRef, Stage } from "../../pipeline/stage.ts";
import { defaultParameterFile } from "../../pipeline/stage.ts";
import { stageNamePattern, stagePath } from "../../pipeline/stage-path.ts";
import type { Options } from "../command.ts";

/**
 * The stage that `git mlgit run` describes. Paths on the command line are relative to the folder it is started in, which is where the command runs.
 * @param prefix of the repository: from the top to that folder, `/`-ended or empty.
 * @throws MlgitError kind `usage`.
 */
export function stageFromOptions(words: readonly string[], options: Options, prefix: string): Stage {
  if (words.length === 0)
    throw new MlgitError("usage", "there is no command to run", {
      hint: "git mlgit run -n train -d data -o model.bin -- python train.py",
    });
  const path = (word: string) => repositoryPath(word, prefix);
  const outputs = (kind: OutputKind, value: unknown): Output[] =>
    list(value).map((word) => ({ path: path(word), kind }));
  return {
    name: nameOf(words, options.name),
    cmd: commandOf(words),
    wdir: prefix.replace(/\/$/, ""),
    deps: list(options.dep).map(path),
    outputs: [
      ...outputs("kept", options.out),
      ...outputs("scratch", options.outNotKept),
      ...outputs("metrics", options.metrics),
    ],
    params: list(options.params).flatMap((word) => parameterRefs(word, prefix)),
    env: list(options.env).map(path),
    kind: String(options.kind ?? "run"),
    probes: list(options.probe).map(parseProbe),
    frozen: false,
    always: options.always === true,
  };
}

/** One word is a line for the shell; several need none. Those that the shell would cut the same way are kept as a line, which reads better. */
function commandOf(words: readonly string[]): string | readonly string[] {
  const [first = ""] = words;
  if (words.length === 1) return first;
  return words.every((word) => /^[A-Za-z0-9_./:@%+,-][A-Za-z0-9_./:=@%+,-]*$/.test(word)) ? words.join(" ") : words;
}

function nameOf(words: readonly string[], given: unknown): string {
  const script = words.find((word) => /\.(py|sh|R|jl|js|mjs|ts|ipynb)$/.test(word)) ?? words[0] ?? "";
  const name = given === undefined ? basename(script.split(/\s/)[0] ?? "").replace(/\.[^.]*$/, "") : String(given);
  if (stageNamePattern.test(name)) return name;
  throw new MlgitError("usage", `${JSON.stringify(name)} cannot be the name of a stage`, {
    hint: "-n <name>, of letters, digits and _ . @ -",
  });
}

/** `params.yaml:lr,epochs`, `lr,epochs`, `file.yaml:` for everything in it. */
function parameterRefs(word: string, prefix: string): ParameterRef[] {
  const colon = word.indexOf(":");
  const file = repositoryPath(colon < 0 ? defaultParameterFile : word.slice(0, colon), colon < 0 ? "" : prefix);
  return word
    .slice(colon + 1)
    .split(",")
    .map((name) => ({ file, name }));
}

function repositoryPath(word: string, prefix: string): string {
  const path = stagePath(prefix + word);
  if (path !== undefined && !word.startsWith("/")) return path;
  throw new MlgitError("usage", `${JSON.stringify(word)} is no path inside the repository`, {
    hint: "paths are relative to the folder the command is started in",
  });
}

function list(value: unknown): readonly string[] {
  return (value as readonly string[] | undefined) ?? [];
}
