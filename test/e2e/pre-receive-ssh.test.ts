import { chmodSync, existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { projectRoot } from "../helper/build.ts";
import { EntityProject } from "../helper/entity-project.ts";
import { hasSshd, type SftpServer, startSshd } from "../helper/sftp-server.ts";

jest.setTimeout(180_000);

(hasSshd() ? describe : describe.skip)("the pre-receive hook on a bare repository that is reached by ssh", () => {
  const project = new EntityProject();
  const { box } = project;
  const file = "datasets/d/data/x";
  let server: SftpServer;
  const listed = async () => (await project.git("ls-remote", "origin")).stdout;
  afterAll(async () => {
    project.remove();
    await server?.stop();
  });

  beforeAll(async () => {
    await project.start();
    const { HOME, PATH, LC_ALL, GIT_CONFIG_NOSYSTEM } = box.env;
    server = await startSshd({ runs: { HOME, PATH, LC_ALL, GIT_CONFIG_NOSYSTEM } });
    box.write("home/.ssh/known_hosts", server.knownHosts);
    const known = `UserKnownHostsFile ${box.path("home/.ssh/known_hosts")}`;
    const host = [
      "HostName 127.0.0.1",
      `Port ${server.port}`,
      `User ${server.user}`,
      `IdentityFile ${server.key}`,
      known,
    ];
    box.write("home/.ssh/config", `Host lab\n  ${host.join("\n  ")}\n`);
    // ssh itself looks for the user's home in the system's list of users.
    await project.git("config", "core.sshCommand", `ssh -F ${box.path("home/.ssh/config")}`);
    await project.git("remote", "set-url", "origin", `lab:${box.path("a.git")}`);
    const hook = box.write("a.git/hooks/pre-receive", readFileSync(`${projectRoot}/hooks/pre-receive`));
    chmodSync(hook, 0o755);
    await project.mlgit("datasets", "create", "d", "--categories=c", "--mutability=strict");
    project.write(file, "one");
    await project.commit("one");
  });

  it("takes pushes that follow the rules, whose data goes by SFTP into the repository", async () => {
    await project.git("push", "-q", "origin", "main");
    expect(await listed()).toContain("refs/tags/c__d__1");
    expect(existsSync(box.path("a.git/mlgit/mlgit.json"))).toBe(true);
  });

  it("refuses from somebody without hooks what breaks them, says so, and moves no ref", async () => {
    const before = await listed();
    project.write(file, "two");
    await project.commit("sneaky", "--no-verify");
    await project.git("tag", "c__d__7");
    const push = (ref: string) => project.fails(1, "git", "push", "-q", "--no-verify", "origin", ref);
    expect(await push("main")).toContain(`remote:   ${file}: strict, and version 1 has other bytes`);
    expect(await push("c__d__7")).toContain("remote:   c__d__7: ");
    expect(await push(":refs/tags/c__d__1")).toContain("not removed");
    expect(await listed()).toBe(before);
  });

  it("takes nothing where git-mlgit is not on the server's PATH", async () => {
    const bare = await startSshd({ runs: { HOME: box.home, PATH: "/usr/bin:/bin" } });
    try {
      const command = `ssh -F /dev/null -p ${bare.port} -i ${bare.key} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null`;
      const url = `ssh://${bare.user}@127.0.0.1${box.path("a.git")}`;
      const said = await project.fails(
        1,
        "git",
        "-c",
        `core.sshCommand=${command}`,
        "push",
        "--no-verify",
        url,
        "main:new",
      );
      expect(said).toContain("remote: mlgit: git-mlgit is not on PATH of this server");
    } finally {
      await bare.stop();
    }
  });
});
