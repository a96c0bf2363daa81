import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A page as a browser has it after its scripts ran. */
export interface BrowsedPage {
  readonly dom: string;
  /** What the browser said, refused scripts included. */
  readonly console: string;
}

/** Opens a URL in a Chromium of its own, without a network, and gives what became of the page. */
export async function browse(url: string): Promise<BrowsedPage> {
  const folder = mkdtempSync(join(tmpdir(), "mlgit-chromium-"));
  const args = [
    ...[
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
    ],
    ...[
      "--disable-component-update",
      "--disable-sync",
      "--disable-dev-shm-usage",
      "--host-resolver-rules=MAP * ~NOTFOUND",
    ],
    ...[`--user-data-dir=${folder}`, "--window-size=1200,800", "--enable-logging=stderr", "--dump-dom", url],
  ];
  try {
    return await new Promise((resolve, reject) => {
      const child = spawn("chromium", args, { stdio: ["ignore", "pipe", "pipe"] });
      const [out, err]: [Buffer[], Buffer[]] = [[], []];
      child.stdout.on("data", (part: Buffer) => out.push(part));
      child.stderr.on("data", (part: Buffer) => err.push(part));
      child.on("error", reject);
      child.on("close", (code) => {
        const said = Buffer.concat(err).toString("utf8");
        if (code !== 0) return reject(new Error(`chromium: exit ${code}\n${said}`));
        resolve({
          dom: Buffer.concat(out).toString("utf8"),
          console: said
            .split("\n")
            .filter((line) => line.includes(":CONSOLE"))
            .join("\n"),
        });
      });
    });
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
