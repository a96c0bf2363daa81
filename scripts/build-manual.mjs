// Makes what the system reads beside the programs: dist/man/man1 from docs/man, dist/completion from the built program itself.
import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import markedMan from "marked-man";

/** @param {string} version */
export async function buildManual(version) {
  // marked-man extends the marked that it brings along.
  const { marked } = await import(createRequire(import.meta.resolve("marked-man")).resolve("marked"));
  Object.assign(markedMan, { breaks: false, manVersion: `mlgit ${version}`, manual: "mlgit" });
  marked.use(markedMan);
  await mkdir("dist/man/man1", { recursive: true });
  for (const file of await readdir("docs/man")) {
    const page = file.replace(/\.md$/, ".1");
    await writeFile(`dist/man/man1/${page}`, roff(marked, await readFile(`docs/man/${file}`, "utf8")));
    // `git help mlgit-add` looks for gitmlgit-add, because no program has that name.
    if (page !== "git-mlgit.1")
      await writeFile(`dist/man/man1/${page.replace("git-mlgit-", "gitmlgit-")}`, `.so man1/${page}\n`);
  }
}

const entities = { "&quot;": '"', "&#39;": "\\[aq]", "&lt;": "<", "&gt;": ">", "&amp;": "&" };

/** Line breaks inside a synopsis are HTML in Markdown; `<name>` stands for itself; code comes back escaped for HTML. */
function roff(marked, markdown) {
  const source = markdown.replaceAll(/<br>\n/g, "  \n").replaceAll(/<([a-z][a-z-]*…?)>/g, "&lt;$1&gt;");
  return marked.parse(source).replaceAll(/&(quot|#39|lt|gt|amp);/g, (entity) => entities[entity]);
}

export async function buildCompletion() {
  await mkdir("dist/completion", { recursive: true });
  const files = { bash: "git-mlgit.bash", zsh: "_git-mlgit", fish: "git-mlgit.fish" };
  for (const [shell, file] of Object.entries(files))
    await writeFile(
      `dist/completion/${file}`,
      execFileSync(process.execPath, ["dist/git-mlgit.cjs", "completion", shell]),
    );
}
