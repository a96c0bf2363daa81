/** A command as completion sees it. */
export interface CompletionNode {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly {
    readonly name: string;
    readonly description: string;
    readonly takesValue: boolean;
    readonly choices: readonly string[];
  }[];
  readonly children: readonly CompletionNode[];
}

type Tree = readonly CompletionNode[];

const everywhere = ["--help", "--quiet", "--json", "--verbose"];

/** One script per shell; paths are completed wherever no word of ours fits. */
export const completionScripts = { bash: bashScript, zsh: zshScript, fish: fishScript };

/** A command with the words that lead to it: `store add` is ["store", "add"]. */
function flatten(
  tree: Tree,
  before: readonly string[] = [],
): { readonly words: readonly string[]; node: CompletionNode }[] {
  return tree.flatMap((node) => {
    const words = [...before, node.name];
    return [{ words, node }, ...flatten(node.children, words)];
  });
}

function names(nodes: readonly { readonly name: string }[]): string {
  return nodes.map(({ name }) => name).join(" ");
}

/** Declared kinds are asked for, and only where a repository declares some. They have the commands of datasets. */
const kindsFunction = `_git_mlgit_kinds() {
  local top
  top="$(git rev-parse --show-toplevel 2>/dev/null)" || return 0
  grep -qs kinds "$top/.mlgit/config.yaml" && git mlgit completion --kinds 2>/dev/null
}`;

/** git's own completion calls `_git_mlgit`, and `git-mlgit` alone uses it too. */
function bashScript(tree: Tree): string {
  const cases = flatten(tree).map(
    ({ words, node }) =>
      `    ${JSON.stringify(words.join(" "))}) options="${names(node.options)}" children="${names(node.name === "help" ? tree : node.children)}" ;;`,
  );
  return `# bash completion of git mlgit
${kindsFunction}
_git_mlgit() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" word options="" children="" kinds
  kinds="$(_git_mlgit_kinds | tr '\\n' ' ')"
  for word in "\${COMP_WORDS[@]:0:COMP_CWORD}"; do
    case "$word" in
      git | mlgit | git-mlgit) [ -z "$path" ] && continue ;;
      -*) continue ;;
    esac
    [ -z "$path" ] && case " $kinds" in *" $word "*) word=datasets ;; esac
    case " ${flatten(tree)
      .map(({ words }) => words.join("/"))
      .join(" ")} " in
      *" \${path:+$path/}$word "*) path="\${path:+$path/}$word" ;;
    esac
  done
  case "\${path//\\// }" in
    "") children="${names(tree)} $kinds" ;;
${cases.join("\n")}
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$options ${everywhere.join(" ")}" -- "$current")) ;;
    *)
      COMPREPLY=($(compgen -W "$children" -- "$current"))
      [ -n "$children" ] || { COMPREPLY=(); compopt -o default 2>/dev/null || true; }
      ;;
  esac
}
complete -F _git_mlgit git-mlgit
`;
}

/** zsh's own git completion offers commands on PATH that have a `_git-<name>` function. */
function zshScript(tree: Tree): string {
  const cases = tree.map((node) => {
    const options = node.options.map(
      ({ name, description, takesValue, choices }) =>
        `'${name}[${zshText(description)}]${takesValue ? `:value:(${choices.join(" ")})` : ""}'`,
    );
    const common =
      "'(-h --help)'{-h,--help}'[help]' '(-q --quiet)'{-q,--quiet}'[errors only]' '--json[print as JSON]' '--verbose[say what is done]'";
    const first = node.children.length > 0 ? ` '1:command:(${names(node.children)})'` : "";
    return `    ${node.name}) _arguments ${[...options, common].join(" ")}${first} '*:file:_files' ;;`;
  });
  const list = tree.map(({ name, summary }) => `    '${name}:${zshText(summary)}'`);
  return `#compdef git-mlgit
#description plain git for ML data
${kindsFunction}
_git-mlgit() {
  local -a kinds=(\${(f)"$(_git_mlgit_kinds)"})
  local -a subcommands=(
${list.join("\n")}
    $kinds
  )
  if (( CURRENT == 2 )); then
    _describe command subcommands
    return
  fi
  local name=$words[2]
  (( \${kinds[(Ie)$name]} )) && name=datasets
  shift words
  (( CURRENT-- ))
  case $name in
${cases.join("\n")}
    *) _files ;;
  esac
}
_git-mlgit "$@"
`;
}

function fishScript(tree: Tree): string {
  const inMlgit = "__fish_seen_subcommand_from mlgit";
  const lines = flatten(tree).flatMap(({ words, node }) => {
    const parents = words.slice(0, -1);
    const siblings = parents.reduce<Tree>(
      (nodes, word) => nodes.find(({ name }) => name === word)?.children ?? [],
      tree,
    );
    const seen = [inMlgit, ...parents.map((word) => `__fish_seen_subcommand_from ${word}`)].join("; and ");
    const offer = `${seen}; and not __fish_seen_subcommand_from ${names(siblings)}`;
    const here = [inMlgit, ...words.map((word) => `__fish_seen_subcommand_from ${word}`)].join("; and ");
    return [
      `complete -c git -n '${offer}' -a ${node.name} -d ${fishText(node.summary)}`,
      ...node.options.map(
        ({ name, description, takesValue, choices }) =>
          `complete -c git -n '${here}' -l ${name.slice(2)}${takesValue ? " -r" : ""}${choices.length > 0 ? ` -a ${fishText(choices.join(" "))}` : ""} -d ${fishText(description)}`,
      ),
    ];
  });
  const actions = names(tree.find(({ name }) => name === "datasets")?.children ?? []);
  const kinds = [
    "function __git_mlgit_kinds; set -l top (git rev-parse --show-toplevel 2>/dev/null); and grep -qs kinds $top/.mlgit/config.yaml; and git mlgit completion --kinds 2>/dev/null; end",
    `complete -c git -n '${inMlgit}; and not __fish_seen_subcommand_from ${names(tree)} (__git_mlgit_kinds)' -a '(__git_mlgit_kinds)'`,
    `complete -c git -n '${inMlgit}; and __fish_seen_subcommand_from (__git_mlgit_kinds); and not __fish_seen_subcommand_from ${actions}' -a '${actions}'`,
  ];
  return `# fish completion of git mlgit\n${[...kinds, ...lines].join("\n")}\n`;
}

function zshText(text: string): string {
  return text.replace(/'/g, "'\\''").replace(/([[\]:])/g, "\\$1");
}

function fishText(text: string): string {
  return `'${text.replace(/\\/g, "\\\\").replace(/'/g, "\\'")}'`;
}
