import { spawn } from "node:child_process";
import { end } from "./web-server.ts";

export interface RcloneServer {
  /** `127.0.0.1:<port>` */
  readonly address: string;
  stop(): Promise<void>;
}

/** `rclone serve <protocol>` of a folder, for user `me`. Stopped by its pid. */
export async function serveByRclone(protocol: "webdav" | "sftp", folder: string): Promise<RcloneServer> {
  const args = ["serve", protocol, folder, "--addr=127.0.0.1:0", "--user=me", "--pass=server-password"];
  const child = spawn("rclone", [...args, "--config=/dev/null"], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  const address = await new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const found = /127\.0\.0\.1:\d+/.exec(said)?.[0];
      if (found) resolve(found);
    });
    child.once("close", () => reject(new Error(`rclone serve ${protocol}: ${said}`)));
  });
  return { address, stop: () => end(child) };
}

/** What rclone needs in its environment to know a remote of that name, without a configuration file. */
export function remoteEnv(name: string, settings: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(settings).map(([key, value]) => [
    `RCLONE_CONFIG_${name.toUpperCase()}_${key.toUpperCase()}`,
    value,
  ]);
  return { RCLONE_CONFIG: "/dev/null", ...Object.fromEntries(entries) };
}
