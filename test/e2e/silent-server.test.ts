import { spawn } from "node:child_process";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, it, jest } from "@jest/globals";
import { createDataProject } from "../helper/data-project.ts";

jest.setTimeout(120_000);

it("a push to a server that takes connections and never answers says whom it waits for, and ends when it is told to", async () => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket.on("error", () => {})));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const project = await createDataProject();
  try {
    project.write("data/x", "some data");
    await project.commit("one");
    await project.git("config", "mlgit.store.deaf.url", "s3://bucket/data");
    await project.git("config", "mlgit.store.deaf.endpointUrl", `http://127.0.0.1:${port}`);
    const keys = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b", AWS_REGION: "us-east-1" };
    const push = spawn("git", ["push", "origin", "main"], {
      cwd: project.work,
      env: { ...project.box.env, ...keys },
      detached: true,
    });
    let said = "";
    push.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes("still waiting")) process.kill(-(push.pid as number), "SIGINT");
    });
    const code = await new Promise((resolve) => push.once("close", resolve));
    expect(code).not.toBe(0);
    expect(said).toMatch(
      new RegExp(`s3://bucket/data/ at http://127.0.0.1:${port} has not answered for \\d+ s; still waiting`),
    );
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
    project.box.remove();
  }
});
