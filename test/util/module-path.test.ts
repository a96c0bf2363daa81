import { pathToFileURL } from "node:url";
import { expect, it } from "@jest/globals";
import { modulePath } from "../../src/util/module-path.ts";

it("gives the path that a module's URL was made of", () => {
  for (const path of ["/a/b.mjs", "/a b/ü/100%/c#d?e.mjs", "/a/../b", "/x\\y"])
    expect(modulePath(pathToFileURL(path).href)).toBe(path === "/a/../b" ? "/b" : path);
  expect(modulePath("file:///a/b.mjs?1#2")).toBe("/a/b.mjs");
});
