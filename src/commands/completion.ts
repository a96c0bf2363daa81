import { kinds, ownKinds } from "../entity/kind.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import type { Action, Command, CommandResult, Context, OptionSpec } from "./command.ts";
import { type CompletionNode, completionScripts } from "./completion-script.ts";
import { commands } from "./index.ts";

type Shell = keyof typeof completionScripts;

export const command: Command = {
  arguments: [{ name: "[shell]", description: "bash, zsh or fish" }],
  options: [
    { flags: "--kinds", description: "print the kinds that the repository declares; the scripts ask for them" },
  ],
  async run(context, [shell = ""], options) {
    if (options.kinds === true) return declaredWords(context);
    if (shell === "")
      throw new MlgitError("usage", "completion needs a shell", { hint: "git mlgit completion bash, zsh or fish" });
    if (!(shell in completionScripts))
      throw new MlgitError("usage", `no completion for '${shell}'`, { hint: "bash, zsh and fish are known" });
    const text = completionScripts[shell as Shell](await completionTree());
    return { text, data: { shell, script: text } };
  },
};

async function declaredWords(context: Context): Promise<CommandResult> {
  await context.repository();
  const words = kinds()
    .slice(ownKinds.length)
    .flatMap(({ name, folder }) => (name === folder ? [name] : [folder, name]));
  return { text: words.join("\n"), data: { kinds: words } };
}

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
