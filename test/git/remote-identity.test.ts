import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "@jest/globals";
import { remoteIdentity } from "../../src/git/remote-identity.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "mlgit-identity-")));
afterAll(() => rmSync(folder, { recursive: true }));
const of = (url: string) => remoteIdentity(url, folder);

describe("the name of a remote", () => {
  it.each([
    "https://github.com/team/data.git",
    "https://github.com/team/data/",
    "https://someone:secret@GitHub.com:443/team/data.git",
    "ssh://git@github.com/team/data.git",
    "ssh://git@github.com:22/team/data",
    "git@github.com:team/data.git",
    "github.com:team/data",
    "git://github.com/team/data.git/",
  ])("is one for %s and other ways to say the same", (url) => {
    expect(of(url)).toBe("github.com/team/data");
  });

  it("has no user and no secret in it", () => {
    expect(of("https://someone:secret@host.example/a@b.git")).toBe("host.example/a@b");
    expect(of("https://someone:sec@ret@host.example/a")).toBe("host.example/a");
    expect(of("https://host.example/a.git?token=secret#secret")).toBe("host.example/a");
    expect(of("me@corp@host:/a/b.git")).toBe("host/a/b");
    expect(of("mlgit::sftp://someone:secret@host/a/")).toBe("mlgit::sftp://host/a");
  });

  it("tells the homes of those apart who log in by ssh as themselves", () => {
    for (const url of [
      "alice@lab:data.git",
      "alice@lab:~/data",
      "ssh://alice@lab/~/data.git",
      "ssh://bob@lab/~alice/data",
    ])
      expect([url, of(url)]).toEqual([url, "lab/~alice/data"]);
    expect(of("bob@lab:data.git")).toBe("lab/~bob/data");
    expect(of("bob@lab:/srv/data.git")).toBe(of("ssh://alice@lab/srv/data.git"));
  });

  it("keeps ports that are not the usual ones, addresses, and the case of paths", () => {
    expect(of("ssh://git@host:2222/Team/Data.git")).toBe("host:2222/Team/Data");
    expect(of("ssh://git@[::1]:2222/srv/a.git")).toBe("[::1]:2222/srv/a");
    expect(of("https://host/~me/data")).toBe("host/~me/data");
  });

  it("is the resolved path of a repository on this machine, found with and without .git", () => {
    mkdirSync(join(folder, "a.git"));
    mkdirSync(join(folder, "clone/.git"), { recursive: true });
    symlinkSync(join(folder, "a.git"), join(folder, "link.git"));
    const a = join(folder, "a.git");
    for (const url of ["a.git", "./a.git/", "a", `${folder}/a.git`, `file://${folder}/a.git`, "link.git"])
      expect([url, of(url)]).toEqual([url, a]);
    for (const url of ["clone", "clone/.git", `file://${folder}/clone/`])
      expect([url, of(url)]).toEqual([url, join(folder, "clone")]);
    expect(of("../elsewhere/b.git")).toBe(join(folder, "../elsewhere/b.git"));
  });

  it("differs for a bare repository and a folder beside it", () => {
    mkdirSync(join(folder, "b.git"));
    mkdirSync(join(folder, "b/.git"), { recursive: true });
    expect(of("b.git")).toBe(join(folder, "b.git"));
    for (const url of ["b", "b/", "b/.git"]) expect([url, of(url)]).toEqual([url, join(folder, "b")]);
  });

  it("is the URL of a repository in a store, as it is", () => {
    expect(of("mlgit::s3://bucket/project/")).toBe("mlgit::s3://bucket/project");
  });

  it("is something for a file URL that names another machine, or is none", () => {
    expect(of("file://server/share/a.git")).toBe("server/share/a.git");
    expect(of("file:///a%2Fb.git")).toBe("/a%2Fb.git");
  });

  it("differs for what may differ", () => {
    const urls = ["https://a/x", "https://a/x/y", "https://b/x", "https://a:8443/x", "/a/x", "mlgit::s3://a/x"];
    expect(new Set(urls.map(of)).size).toBe(urls.length);
  });
});
