import { describe, expect, it } from "@jest/globals";
import {
  assertContactAllowed,
  assertCreationAllowed,
  chooseStore,
  storeOfStorage,
} from "../../src/config/choose-store.ts";
import { storeOfRemote } from "../../src/config/follow-remote.ts";
import { GitSettings } from "../../src/config/git-settings.ts";
import { readSettings } from "../../src/config/settings.ts";
import { parseTreeSettings, type TreeSettings } from "../../src/config/tree-settings.ts";

const git = (values: Record<string, string> = {}) =>
  new GitSettings(
    Object.entries(values)
      .map(([key, value]) => `${key}\n${value}\0`)
      .join(""),
  );
const settings = (values: Record<string, string> = {}, tree?: TreeSettings) => readSettings(git(values), tree);
const choose = (values: Record<string, string>, tree?: TreeSettings, wanted?: string) =>
  chooseStore(settings(values, tree), { wanted, remote: undefined, top: "/" });

describe("settings", () => {
  it("have defaults and are frozen", () => {
    const found = settings();
    expect(found).toMatchObject({ hydrate: "all", keep: "all", strictHydrate: false, hooks: true, include: [] });
    expect(found.allowIncompletePush).toBe(false);
    expect(Object.isFrozen(found)).toBe(true);
  });

  it("split patterns at commas and read booleans as git does", () => {
    const found = settings({ "mlgit.include": "a/**, b", "mlgit.stricthydrate": "on", "mlgit.hydrate": "None" });
    expect([found.include, found.strictHydrate, found.hydrate]).toEqual([["a/**", "b"], true, "none"]);
  });

  it.each([
    ["mlgit.hydrate", "some"],
    ["mlgit.keep", "x"],
    ["mlgit.concurrency", "0"],
    ["mlgit.stricthydrate", "maybe"],
    ["mlgit.allowincompletepush", "perhaps"],
    ["mlgit.store.a.pathstyle", "maybe"],
    ["mlgit.store.a.paused", "for a while"],
  ])("name the key and the value that make no sense: %s = %s", (key, value) => {
    expect(() => settings({ "mlgit.store.a.url": "s3://a", [key]: value })).toThrow(`${key} is "${value}"`);
  });
});

describe("the storage of a spec", () => {
  it.each([
    ["azureblobh://box", "azure://box/project"],
    ["azureblobh://box", "azureblobh://box"],
    ["azure://box", "azureblobh://box/x"],
    ["gdriveh://flowers", "gdriveh://flowers/project"],
    ["gdrive://flowers", "gdriveh://flowers"],
    ["gs://bucket", "gs://bucket/project"],
    ["s3h://bucket", "s3://bucket/project"],
    ["sftph://host", "sftp://host/srv/data"],
  ])("%s is the store at %s", (storage, url) => {
    const found = settings({ "mlgit.store.it.url": url, "mlgit.store.other.url": "s3://another/x" });
    expect(storeOfStorage(found, storage)?.name).toBe("it");
  });

  it.each(["azureblobh://another", "gs://another", "gdriveh://another", "s3h://box"])("%s is no store's", (storage) => {
    const urls = {
      "mlgit.store.a.url": "azure://box/x",
      "mlgit.store.b.url": "gs://bucket",
      "mlgit.store.c.url": "gdriveh://x",
    };
    expect(storeOfStorage(settings(urls), storage)).toBeUndefined();
  });
});

describe("choosing a store", () => {
  const tree = { stores: { a: { url: "s3://a/x" }, b: { url: "s3://b/x" } } };

  it("takes the named, the default, or the only one", () => {
    expect(choose({}, tree, "b").url).toBe("s3://b/x");
    expect(choose({}, { ...tree, default: "b" }).name).toBe("b");
    expect(choose({ "mlgit.defaultstore": "a" }, { ...tree, default: "b" }).name).toBe("a");
    expect(choose({ "mlgit.store.my.url": "file:///x" })).toMatchObject({ name: "my", source: "git", trusted: true });
    expect(() => choose({}, tree)).toThrow("several stores");
    expect(() => choose({}, tree, "c")).toThrow("no store is called c");
    expect(() => choose({})).toThrow("no store is known");
  });

  it("lets single keys of git's configuration win over the tree", () => {
    const store = choose({ "mlgit.store.a.profile": "me", "mlgit.store.a.pathstyle": "yes" }, tree, "a");
    expect(store).toMatchObject({ url: "s3://a/x", profile: "me", pathStyle: true, source: "tree", trusted: false });
    expect(() => assertContactAllowed(store)).not.toThrow();
  });
});

describe("trust", () => {
  const at = (store: object, values: Record<string, string> = {}) =>
    choose(values, { stores: { s: { url: "s3://b/p", ...store } } }, "s");

  it.each([
    { endpointUrl: "https://evil.example" },
    { endpointUrl: "https://127.0.0.1.evil.example" },
    { endpointUrl: "http://localhost@evil.example" },
    { endpointUrl: "nonsense" },
    { profile: "production" },
    { url: "sftp://host/dir" },
  ])("is needed for what only the tree names: %j", (store) => {
    expect(() => assertContactAllowed(at(store))).toThrow(/named by this repository's files only/);
  });

  it.each([
    { url: "rclone://remote/dir" },
    { url: "rclone:remote:it's" },
    { url: "gdriveh://folder" },
    { url: "gs://bucket/x" },
  ])("is not enough for what would start a program: %j", (place) => {
    const trusted = at(place, { "mlgit.store.s.trusted": place.url });
    expect(trusted).toMatchObject({ trusted: false, startsProgram: true });
    const hint = `git config mlgit.store.s.url '${place.url.replace("'", "'\\''")}'`;
    expect(() => assertContactAllowed(trusted)).toThrow(/only your own git configuration/);
    expect(() => assertContactAllowed(trusted)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining(hint) }),
    );
    const own = at(place, { "mlgit.store.s.url": place.url });
    expect(own).toMatchObject({ trusted: true, source: "git" });
    expect(() => assertContactAllowed(own)).not.toThrow();
  });

  it("lets a Google bucket of the tree be reached at an S3 endpoint that the user names", () => {
    const endpoint = { "mlgit.store.s.endpointurl": "https://storage.googleapis.com" };
    expect(() => assertContactAllowed(at({ url: "gs://bucket/x" }, endpoint))).not.toThrow();
  });

  it.each([
    {},
    { url: "https://data.example/flowers" },
    { endpointUrl: "http://127.0.0.1:9000" },
    { endpointUrl: "http://[::1]:9000" },
    { url: "file:///data" },
  ])("is not needed to speak to %j", (store) => {
    expect(() => assertContactAllowed(at(store))).not.toThrow();
  });

  it("is given to a place, and lost when the tree names another", () => {
    const mark = { "mlgit.store.s.trusted": "s3://b/p https://minio.example" };
    expect(() => assertContactAllowed(at({ endpointUrl: "https://minio.example" }, mark))).not.toThrow();
    expect(() => assertContactAllowed(at({ endpointUrl: "https://evil.example" }, mark))).toThrow();
    expect(() => assertContactAllowed(at({ endpointUrl: "https://minio.example", profile: "x" }, mark))).toThrow();
  });

  it("does not come with a key that the user set for another reason", () => {
    const store = { url: "file:///ignored", endpointUrl: "https://evil.example" };
    expect(() => assertContactAllowed(at(store, { "mlgit.store.s.url": "s3://mine/x" }))).toThrow("evil.example");
  });

  it("is needed to make a store in a folder that only the tree names", () => {
    expect(() => assertCreationAllowed(at({ url: "file:///data" }))).toThrow("there is no store yet");
    expect(() =>
      assertCreationAllowed(at({ url: "file:///data" }, { "mlgit.store.s.trusted": "file:///data" })),
    ).not.toThrow();
    expect(() => assertCreationAllowed(at({}))).not.toThrow();
  });
});

describe("the tree's settings", () => {
  it("are read, unknown keys and all", async () => {
    const text = "# ours\nstores:\n  a: {url: s3://x/y, region: eu-west-1, future: 1}\ndefault: a\nkinds: [video]\n";
    expect(await parseTreeSettings(text)).toMatchObject({
      stores: { a: { url: "s3://x/y", region: "eu-west-1" } },
      default: "a",
    });
    expect(await parseTreeSettings("")).toEqual({});
    expect(await parseTreeSettings("# nothing yet\n")).toEqual({});
    expect(await parseTreeSettings("stores: {__proto__: {url: 's3://a'}}")).toEqual({ stores: {} });
  });

  it.each([
    ["stores: [", /\.mlgit\/config\.yaml/],
    ["stores: 5", /stores/],
    ["stores: {a: {}}", /stores\.a\.url/],
    ["stores: {'../x': {url: 's3://a'}}", /stores/],
    ['stores: {a: {url: "s3://a\\nb"}}', /one line/],
    ["stores: {a: {url: 's3://a', region: 'x.evil.example/#'}}", /region/],
    ["stores: {a: {url: !!js/function 'x'}}", /cannot be used/],
  ])("are refused when they make no sense: %s", async (text, message) => {
    await expect(parseTreeSettings(text)).rejects.toThrow(message);
  });
});

describe("the store that a remote implies", () => {
  it.each([
    ["mlgit::s3://b/p", "s3://b/p"],
    ["ssh://git@host:2222/srv/x.git", "sftp://git@host:2222/srv/x.git/mlgit"],
    ["git@host:team/x.git", "sftp://git@host/~/team/x.git/mlgit"],
    ["https://github.example/x.git", undefined],
  ])("%s → %s", (url, store) => {
    expect(storeOfRemote({ name: "origin", url }, "/")).toBe(store);
  });
});
