import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { describeWithS3 } from "../helper/s3-server.ts";
import { TutorialProject } from "../helper/tutorial-project.ts";

/** ml-git's "Your 1st ML artefacts", command by command as it stands there; each section goes on where the one before it ended. */
describeWithS3("ml-git's tutorial", (startServer) => {
  const project = new TutorialProject();
  const sh = (line: string) => project.sh("mlgit-project", line);
  const imagenet8 = "mlgit-project/datasets/folderA/folderB/imagenet8";
  beforeAll(async () => project.start(await startServer()), 120_000);
  afterAll(() => project.remove());

  it("initial configuration", async () => {
    await project.sh(".", "mkdir mlgit-project && cd mlgit-project && ml-git repository init");
    await sh("ml-git repository remote datasets add git@github.com:example/your-mlgit-datasets.git");
    await sh("ml-git repository storage add mlgit-datasets --credentials=mlgit --endpoint-url=$ENDPOINT");
    await sh("ml-git datasets init");
    expect(await project.json("mlgit-project", "ml-git repository config show")).toMatchObject({
      datasets: { git: "git@github.com:example/your-mlgit-datasets.git" },
      labels: { git: "" },
      storages: { "mlgit-datasets": { url: "s3://mlgit-datasets", "aws-credentials": { profile: "mlgit" } } },
    });
    expect(project.read("mlgit-project/.mlgit/config.yaml")).not.toContain("profile");
  }, 120_000);

  it("uploading a dataset", async () => {
    await sh(
      'ml-git datasets create imagenet8 --categories="computer-vision, images" --mutability=strict --storage-type=s3h --bucket-name=mlgit-datasets --entity-dir=folderA/folderB',
    );
    expect(project.read(`${imagenet8}/imagenet8.spec`)).toBe(
      "dataset:\n  categories:\n    - computer-vision\n    - images\n  manifest:\n    storage: s3h://mlgit-datasets\n" +
        "  mutability: strict\n  name: imagenet8\n  version: 1\n",
    );
    for (let i = 1; i <= 10; i++) project.box.write(`${imagenet8}/data/train/train_data_batch_${i}`, `batch ${i}`);
    project.box.write(`${imagenet8}/data/val/val_data`, "val");
    const untracked = (await sh("ml-git datasets status imagenet8")).stdout;
    expect(untracked).toMatch(/untracked files\n[\s\S]*data\/train\/train_data_batch_1\n[\s\S]*data\/val\/val_data/);
    await sh("ml-git datasets add imagenet8");
    const staged = (await sh("ml-git datasets status imagenet8")).stdout;
    expect(staged).toMatch(/^Changes to be committed\n[\s\S]*new file: +data\/train\/train_data_batch_10\n/);
    await sh("ml-git datasets commit imagenet8");
    await sh("ml-git datasets push imagenet8");
    expect((await sh("git ls-remote --tags datasets")).stdout).toContain("computer-vision__images__imagenet8__1");
  }, 120_000);

  it("adding data to a dataset", async () => {
    project.box.write(`${imagenet8}/data/train/train_data_batch_11`, "batch 11");
    await sh("ml-git datasets add imagenet8 --bumpversion");
    await sh("ml-git datasets commit imagenet8");
    await sh("ml-git datasets push imagenet8");
    expect((await sh("ml-git datasets tag list imagenet8")).stdout).toBe(
      "computer-vision__images__imagenet8__1\ncomputer-vision__images__imagenet8__2\n",
    );
  }, 120_000);

  it("uploading labels associated to a dataset", async () => {
    await sh("ml-git repository remote labels add git@github.com:example/your-mlgit-labels.git");
    await sh("ml-git repository storage add mlgit-labels --endpoint-url=$ENDPOINT");
    await sh("ml-git labels init");
    await sh(
      "ml-git datasets create mscoco --categories=computer-vision,images --mutability=strict --bucket-name=mlgit-datasets",
    );
    project.box.write("mlgit-project/datasets/mscoco/data/1.jpg", "a picture");
    await sh("ml-git datasets add mscoco && ml-git datasets commit mscoco && ml-git datasets push mscoco");
    await sh(
      'ml-git labels create mscoco-captions --categories="computer-vision, captions" --mutability=mutable --storage-type=s3h --bucket-name=mlgit-labels --version=1',
    );
    const annotations = "mlgit-project/labels/mscoco-captions/annotations";
    project.box.write(`${annotations}/captions_train2014.json`, "{}");
    project.box.write(`${annotations}/captions_val2014.json`, '{"val":1}');
    await sh("ml-git labels add mscoco-captions");
    await sh("ml-git labels commit mscoco-captions --dataset=mscoco");
    await sh("ml-git labels push mscoco-captions");
    const shown = (await sh("ml-git labels show mscoco-captions")).stdout;
    const sha = (await sh("git rev-parse computer-vision__images__mscoco__1^{commit}")).stdout.trim();
    expect(shown).toMatch(/^-- labels : mscoco-captions --\ncategories:\n/);
    expect(shown).toContain(`dataset:\n  tag: computer-vision__images__mscoco__1\n  sha: ${sha}\n`);
  }, 120_000);

  it("uploading models, with metrics and links", async () => {
    await sh("ml-git repository remote models add git@github.com:example/your-mlgit-models.git");
    await sh("ml-git repository storage add mlgit-models --endpoint-url=$ENDPOINT");
    await sh("ml-git models init");
    await sh(
      'ml-git models create imagenet-model --categories="computer-vision, images" --storage-type=s3h --mutability=mutable --bucket-name=mlgit-models',
    );
    project.box.write("mlgit-project/models/imagenet-model/data/model_file", "weights");
    await sh("ml-git models add imagenet-model");
    await sh("ml-git models commit imagenet-model --dataset=imagenet8 --labels=mscoco-captions");
    await sh("ml-git models push imagenet-model");
    const file = project.box.write("path/to/your/file.csv", "accuracy,recall\n9,0.5\n");
    await sh(`ml-git models add imagenet-model --metrics-file='${file}'`);
    await sh("ml-git models add imagenet-model --metric accuracy 10 --metric precision 20 --metric recall 30");
    expect(project.read("mlgit-project/models/imagenet-model/imagenet-model.spec")).toMatch(
      /metrics:\n +accuracy: 10\n +recall: 30\n +precision: 20\n/,
    );
    await sh("ml-git models commit imagenet-model && ml-git models push imagenet-model");
    expect(await project.json("mlgit-project", "ml-git models metrics imagenet-model")).toMatchObject([
      { tag: "computer-vision__images__imagenet-model__2", accuracy: 10, precision: 20, recall: 30 },
      { tag: "computer-vision__images__imagenet-model__1", labels: "computer-vision__captions__mscoco-captions__1" },
    ]);
    await sh("ml-git repository remote config add git@github.com:example/your-mlgit-repository.git");
    await sh("ml-git repository config push");
  }, 120_000);

  it("downloading a dataset", async () => {
    await project.sh(".", "ml-git clone git@github.com:example/your-mlgit-repository.git");
    const clone = (line: string) => project.sh("your-mlgit-repository", line);
    const there = "your-mlgit-repository/datasets/folderA/folderB/imagenet8";
    await clone("ml-git datasets update");
    await clone("ml-git repository update");
    expect((await clone("ml-git datasets list")).stdout).toBe(
      "ML dataset\n|-- folderA\n|   |-- folderB\n|   |   |-- imagenet8\n|-- mscoco\n",
    );
    await clone("ml-git datasets checkout computer-vision__images__imagenet8__1");
    expect(project.files(`${there}/data`)).toHaveLength(11);
    expect(project.read(`${there}/data/train/train_data_batch_3`)).toBe("batch 3");
    await clone("ml-git datasets checkout imagenet8");
    expect(project.files(`${there}/data`)).toEqual(project.files(`${imagenet8}/data`));
    expect((await clone("ml-git datasets branch imagenet8")).stdout).toMatch(
      /^\('computer-vision__images__imagenet8__2', '[0-9a-f]{40}'\)\n$/,
    );
    await clone("ml-git datasets checkout imagenet8 --version=1");
    expect(project.files(`${there}/data`)).toHaveLength(11);
    await clone("ml-git models checkout imagenet-model --version=1 -d -l");
    expect(project.read("your-mlgit-repository/models/imagenet-model/data/model_file")).toBe("weights");
    expect(project.files(`${there}/data`)).toHaveLength(12);
  }, 120_000);

  it("checking data integrity", async () => {
    expect((await sh("ml-git datasets fsck")).stdout).toContain("[0] corrupted file(s) in the worktree");
    const packs = project.files("mlgit-project/.git/mlgit/packs").filter((name) => name.endsWith(".pack"));
    const damaged = `mlgit-project/.git/mlgit/packs/${packs[0]}`;
    const bytes = project.box.read(damaged);
    for (let at = 0; at < 64; at++) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    await project.sh(".", `chmod u+w ${damaged}`);
    project.box.write(damaged, bytes);
    await sh("ml-git datasets fsck");
    expect(await project.json("mlgit-project", "ml-git datasets fsck --full")).toMatchObject({
      workspace: { corrupted: [] },
    });
    expect(project.read(`${imagenet8}/data/train/train_data_batch_3`)).toBe("batch 3");
  }, 120_000);

  it("changing a dataset", async () => {
    await sh("ml-git datasets config imagenet8 mutability flexible");
    await sh("ml-git datasets unlock imagenet8 data/train/train_data_batch_1");
    await sh("echo changed > datasets/folderA/folderB/imagenet8/data/train/train_data_batch_1");
    await sh("ml-git datasets add imagenet8 --bumpversion");
    await sh("ml-git datasets commit imagenet8");
    await sh("ml-git datasets push imagenet8");
    expect(await project.json("mlgit-project", "ml-git datasets diff imagenet8 2 3")).toMatchObject({
      updated: ["data/train/train_data_batch_1"],
    });
  }, 120_000);
});
