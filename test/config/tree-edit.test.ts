import { describe, expect, it } from "@jest/globals";
import { editTreeSettings } from "../../src/config/tree-edit.ts";
import { parseTreeSettings } from "../../src/config/tree-settings.ts";

const store = { url: "s3://bucket/prefix", region: "eu-west-1" };
const lines = "  data:\n    url: s3://bucket/prefix\n    region: eu-west-1\n";

describe("editing the tree's settings", () => {
  it("begins a file", async () => {
    expect(await editTreeSettings("", { name: "data", store, default: "data" })).toEqual({
      text: `stores:\n${lines}default: data\n`,
      rewritten: false,
    });
  });

  it("adds, replaces and removes one store and keeps comments and other keys", async () => {
    const text = `# ours\nkinds: [video] # more\n\nstores:\n  # first\n  a:\n    url: "s3://a" # mine\n\n# after\nother: 1\n`;
    const added = await editTreeSettings(text, { name: "data", store });
    expect(added).toEqual({ text: text.replace("\n\n# after", `\n${lines}\n# after`), rewritten: false });
    const replaced = await editTreeSettings(added.text, {
      name: "data",
      store: { url: "file:///x y", pathStyle: true },
    });
    expect(replaced.text).toContain('  data:\n    url: "file:///x y"\n    pathStyle: true\n\n# after');
    expect((await editTreeSettings(added.text, { name: "data", store: undefined })).text).toBe(text);
    const none = await editTreeSettings(text, { name: "a", store: undefined });
    expect(await parseTreeSettings(none.text)).toEqual({ kinds: ["video"] });
    expect(none.text).toMatch(/^# ours\nkinds: \[video\] # more\n[\s\S]*# after\nother: 1\n$/);
  });

  it("follows another way of indenting", async () => {
    const { text } = await editTreeSettings("stores:\n    a:\n        url: s3://a\n", {
      name: "b",
      store: { url: "s3://b" },
    });
    expect(text).toBe("stores:\n    a:\n        url: s3://a\n    b:\n      url: s3://b\n");
  });

  it.each([
    "stores: {a: {url: s3://a}}\nkinds: [x]\n",
    "{stores: {a: {url: s3://a}}, kinds: [x]}\n",
    '"stores":\n  a: {url: s3://a}\nkinds: [x]\n',
  ])("writes a file anew that cannot be edited by lines: %j", async (text) => {
    const result = await editTreeSettings(text, { name: "data", store });
    expect(result.rewritten).toBe(true);
    expect(await parseTreeSettings(result.text)).toEqual({
      stores: { a: { url: "s3://a" }, data: store },
      kinds: ["x"],
    });
    expect(result.text).toContain("kinds:");
  });

  it("is not confused by a store whose name begins like another's", async () => {
    const text = "stores:\n  data2:\n    url: s3://two\n";
    const { text: edited } = await editTreeSettings(text, { name: "data", store });
    expect(Object.keys((await parseTreeSettings(edited)).stores ?? {})).toEqual(["data2", "data"]);
  });

  it.each(["null", "yes", "1e3", "a b", "x: y", "# no", '"', "s3://b/ü"])(
    "quotes a value that YAML would read otherwise: %j",
    async (value) => {
      const { text, rewritten } = await editTreeSettings("", { name: "a", store: { url: value } });
      expect([await parseTreeSettings(text), rewritten]).toEqual([{ stores: { a: { url: value } } }, false]);
    },
  );
});
