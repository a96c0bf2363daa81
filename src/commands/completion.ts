import { MlgitError } from "../error/mlgit-error.ts";
import type { Action, Command, OptionSpec } from "./command.ts";
import { type CompletionNode, completionScripts } from "./completion-script.ts";
import { commands } from "./index.ts";

type Shell = keyof typeof completionScripts;

export const command: Command = {
  arguments: [{ name: "<shell>", description: "bash, zsh or fish" }],
  async run(_context, [shell = ""]) {
    if (!(shell in completionScripts))
      throw new MlgitError("usage", `no completion for '${shell}'`, { hint: "bash, zsh and fish are known" });
    const text = completionScripts[shell as Shell](await completionTree());
    return { text, data: { shell, script: text } };
  },
};

/** What people may type: every command that is not plumbing, with its options and actions. */
async function completionTree(): Promise<readonly CompletionNode[]> {
  const shown = commands.filter((entry) => !entry.plumbing);
  return Promise.all(
    shown.map(async ({ name, summary, load }) => nodeOf({ name, summary, ...(await load()).command } as Action)),
  );
}

function nodeOf({ name, summary, options = [], actions = [] }: Action): CompletionNode {
  return { name, summary, options: options.flatMap(optionNode), children: actions.map(nodeOf) };
}

function optionNode({ flags, description, choices = [] }: OptionSpec): CompletionNode["options"] {
  const [, name] = /--([a-z0-9-]+)/i.exec(flags) ?? [];
  return name ? [{ name: `--${name}`, description, takesValue: /[<[]/.test(flags), choices }] : [];
}
