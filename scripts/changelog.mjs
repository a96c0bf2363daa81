// One file per user-visible change in changelog/unreleased, so that two changes never meet in one place.
//   node scripts/changelog.mjs            writes CHANGELOG.md from all fragments
//   node scripts/changelog.mjs VERSION    first moves the unreleased ones to changelog/VERSION
// A fragment is `Kind: sentence.`, Kind being one of those below; further lines explain.
import { access, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";

export const kinds = ["Added", "Changed", "Fixed", "Removed", "Security"];

/** @returns {{kind: string, text: string}} @throws Error that says what is wrong with the fragment */
export function parseFragment(name, content) {
  const [, kind, text] = /^(\w+): ([\s\S]+)$/.exec(content.trim()) ?? [];
  if (!kinds.includes(kind))
    throw new Error(`${name}: begins with none of ${kinds.map((one) => `"${one}: "`).join(", ")}`);
  if (!/\.\s*$/.test(text.split("\n")[0])) throw new Error(`${name}: the first line is not a sentence`);
  return { kind, text };
}

/** @param {{version: string, fragments: {kind: string, text: string}[]}[]} releases newest first */
export function formatChangelog(releases) {
  const sections = releases.map(({ version, fragments }) => [`## ${version}`, "", ...lines(fragments)].join("\n"));
  return ["# Changes", "", ...sections].join("\n").trimEnd().concat("\n");
}

function lines(fragments) {
  return kinds.flatMap((kind) => {
    const texts = fragments.filter((one) => one.kind === kind).map(({ text }) => `- ${text.replaceAll("\n", "\n  ")}`);
    return texts.length > 0 ? [`### ${kind}`, "", ...texts, ""] : [];
  });
}

async function readReleases(root) {
  const names = await readdir(root);
  const order = new Intl.Collator("en", { numeric: true });
  const newestFirst = names.sort((a, b) => (a === "unreleased" ? -1 : b === "unreleased" ? 1 : order.compare(b, a)));
  return Promise.all(
    newestFirst.map(async (name) => {
      const files = (await readdir(`${root}/${name}`)).filter((file) => file.endsWith(".md")).sort();
      const texts = await Promise.all(files.map((file) => readFile(`${root}/${name}/${file}`, "utf8")));
      const fragments = texts.map((text, n) => parseFragment(`${root}/${name}/${files[n]}`, text));
      return { version: name === "unreleased" ? "Unreleased" : name, fragments };
    }),
  );
}

async function release(version) {
  await access(`changelog/${version}`).then(
    () => Promise.reject(new Error(`changelog/${version} exists`)),
    () => {},
  );
  await rename("changelog/unreleased", `changelog/${version}`);
  await mkdir("changelog/unreleased");
}

if (process.argv[1] === import.meta.filename) {
  process.chdir(new URL("..", import.meta.url).pathname);
  if (process.argv[2]) await release(process.argv[2]);
  const releases = (await readReleases("changelog")).filter(({ fragments }) => fragments.length > 0);
  await writeFile("CHANGELOG.md", formatChangelog(releases));
}
