import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { browse } from "../helper/chromium.ts";
import { EntityProject } from "../helper/entity-project.ts";
import { isInstalled } from "../helper/web-server.ts";

const evil = `"</title></script><script>document.documentElement.dataset.evil=1</script><img/src=x>`;

describe("relationships", () => {
  const project = new EntityProject();
  const page = () => project.box.path("graph.html");
  const json = async (...args: string[]) => JSON.parse((await project.mlgit(...args, "--json")).stdout);

  const release = async (
    folder: string,
    name: string,
    version: number,
    links: Readonly<Record<string, string>> = {},
    category = "cv",
  ) => {
    const kind = folder === "labels" ? folder : folder.slice(0, -1);
    const lines = Object.entries(links).map(
      ([of, tag]) => `  ${of}: {tag: ${JSON.stringify(tag)}, sha: "${"0".repeat(40)}"}\n`,
    );
    const about = `  name: ${name}\n  version: ${version}\n  categories: [${category}]\n  mutability: mutable\n`;
    project.write(`${folder}/${name}/${name}.spec`, `${kind}:\n${about}${lines.join("")}`);
    await project.commit(`${name} ${version}`);
  };

  beforeAll(async () => {
    await project.start();
    project.write(".gitattributes", "*.bin filter=mlgit\n");
    await release("datasets", "d", 1);
    // One name for two kinds: the tags alone do not tell which is which.
    await release("models", "d", 2, {}, "nets");
    await release("labels", "l", 1, { dataset: "cv__d__1" });
    await release("models", "m", 1, { dataset: "cv__d__1", labels: "cv__l__1" });
    await release("models", "<b>m</b>".replaceAll("/", ""), 1, { dataset: evil });
    project.write("labels/sub/keep", "");
    await project.git("mv", "labels/l", "labels/sub/l");
    await project.commit("another name");
  }, 240_000);
  afterAll(() => project.remove());

  it("come from the specs of all tags, wherever the entity lies now", async () => {
    const { versions, links } = await json("models", "relationships", "m");
    expect(versions.map((one: { kind: string; tag: string }) => `${one.kind} ${one.tag}`)).toEqual([
      "dataset cv__d__1",
      "labels cv__l__1",
      "model cv__m__1",
    ]);
    expect(links.map(({ from, to }: { from: string; to: string }) => `${from} ${to}`)).toEqual([
      "cv__l__1 cv__d__1",
      "cv__m__1 cv__d__1",
      "cv__m__1 cv__l__1",
    ]);
    expect((await project.mlgit("datasets", "relationships", "d")).stdout).toMatch(
      /\nmodel +cv__m__1 +cv__d__1 +dataset\n/,
    );
    expect((await project.mlgit("models", "relationships", "d")).stdout).toBe("no links\n");
    expect((await project.mlgit("labels", "relationships", "--csv")).stdout).toContain(
      "\ncv__l__1,l,1,labels,cv__d__1,d,1,dataset\n",
    );
  }, 240_000);

  it("are written in the format that is named, or that the file's name says", async () => {
    const file = project.box.path("m.mmd");
    await project.mlgit("models", "relationships", "m", "-o", file);
    expect(project.box.read("m.mmd").toString()).toMatch(/^flowchart RL\n {2}v0\["dataset d \(1\)"\]/);
    const { stdout } = await project.mlgit("repository", "graph", "--format=dot");
    expect(stdout).toContain('"cv__m__1" -> "cv__l__1";');
    await project.mlgit("repository", "graph", "--dot", `--export-path=${project.box.root}`);
    expect(project.box.read("entities_relationships.dot").toString()).toBe(stdout);
    expect((await json("repository", "graph")).versions).toHaveLength(6);
  }, 240_000);

  it("fail for what is unknown", async () => {
    expect(await project.fails(2, "mlgit", "models", "relationships", "nobody")).toContain("nobody");
    expect(await project.fails(2, "mlgit", "models", "relationships", "-o", "file.txt")).toContain(
      "--format json|csv|dot|html|mermaid",
    );
    expect(await project.fails(2, "mlgit", "models", "relationships", "--format=xml")).toContain("xml");
    await project.fails(2, "mlgit", "repository", "graph", "-o", project.box.path("nowhere/graph.html"));
  }, 240_000);

  it("are empty in a repository without versions", async () => {
    const cwd = await project.box.init("empty");
    expect(JSON.parse((await project.box.mlgit(["repository", "graph", "--json"], { cwd })).stdout).versions).toEqual(
      [],
    );
    expect((await project.box.mlgit(["repository", "graph"], { cwd })).stdout).toContain("No versions have tags here.");
  }, 240_000);

  (isInstalled("chromium") ? it : it.skip)(
    "become a page that draws itself without a network and runs nobody else's script",
    async () => {
      await project.mlgit("repository", "graph", "-o", page());
      const url = pathToFileURL(page()).href;
      const all = await browse(url);
      expect(all.dom).toContain('data-ready="yes"');
      expect(all.dom).not.toContain("data-evil");
      expect(all.dom).not.toContain("<img");
      expect(all.dom.match(/<script/g)).toHaveLength(1);
      expect(all.dom.match(/class="version/g)).toHaveLength(6);
      expect(all.dom).toMatch(/<g id="view" transform="translate\(\d/);
      expect(all.console).toBe("");
      const one = await browse(`${url}#cv__m__1`);
      expect(one.dom).toMatch(
        /<aside id="about"><button[\s\S]*<pre>model m \(1\)\ntag: cv__m__1\n[\s\S]*made from: cv__d__1\nmade from: cv__l__1<\/pre>/,
      );
      expect(one.dom).toMatch(/class="version chosen near" [^>]*data-tag="cv__m__1"/);
      const searched = await browse(`${url}#?CV__L`);
      expect(searched.dom).toMatch(/<output id="found" for="search">3 found/);
      // Whoever gets a script into the page gets it nowhere.
      const html = project.box.read("graph.html").toString("utf8");
      writeFileSync(page(), html.replace("</body>", "<script>document.documentElement.dataset.evil=1</script></body>"));
      const broken = await browse(url);
      expect(broken.dom).not.toContain("data-evil");
      expect(broken.console).toContain("Content Security Policy");
    },
    240_000,
  );
});
