import { type ChildProcess, spawn } from "node:child_process";
import {
  closeSync,
  createReadStream,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createSocket } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pipeline } from "node:stream/promises";

export interface WebServer {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly url: string;
  /** `GET /packs/…`, and ` 0-99` where a range was asked for. */
  readonly requests: readonly string[];
  stop(): Promise<void>;
}

export function isInstalled(program: string): boolean {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"];
  if (folders.some((folder) => existsSync(join(folder, program)))) return true;
  if (process.env.MLGIT_REQUIRE_PROGRAMS === "1") throw new Error(`${program} is not installed`);
  console.warn(`${program} is not installed; its tests are skipped`);
  return false;
}

/** A port of loopback's that nobody has at the moment. */
export async function freePort(): Promise<number> {
  const socket = createSocket();
  await new Promise<void>((resolve) => socket.listen(0, "127.0.0.1", resolve));
  const { port } = socket.address() as AddressInfo;
  await new Promise((resolve) => socket.close(resolve));
  return port;
}

/** nginx with a folder. Stopped by its pid. */
export async function startNginx(root: string): Promise<Omit<WebServer, "requests">> {
  const work = mkdtempSync(join(tmpdir(), "mlgit-nginx-"));
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    writeFileSync(join(work, "nginx.conf"), nginxConfig(work, root, port));
    const child = spawn("nginx", ["-p", work, "-c", join(work, "nginx.conf")], {
      stdio: "ignore",
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
    });
    const url = `http://127.0.0.1:${port}`;
    const stop = async () => {
      await end(child);
      rmSync(work, { recursive: true, force: true });
    };
    if (await answers(child, url)) return { url, stop };
    await end(child);
    if (tries === 5) throw new Error("nginx does not start");
  }
}

/** A web server that knows no ranges, like many a small one. `edit` may answer a request itself by returning true. */
export async function startPlainServer(
  root: string,
  edit: (request: IncomingMessage, response: ServerResponse) => boolean = () => false,
): Promise<WebServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const range = request.headers.range?.replace("bytes=", " ") ?? "";
    requests.push(`${request.method} ${request.url}${range}`);
    if (edit(request, response)) return;
    const path = join(root, decodeURIComponent(request.url ?? ""));
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return void response.writeHead(404).end("no such file");
    // Length and bytes of one file, also while it is being replaced.
    const fd = openSync(path, "r");
    const { size, mtime } = fstatSync(fd);
    response.writeHead(200, { "content-length": size, "last-modified": mtime.toUTCString() });
    if (request.method === "HEAD" || size === 0) {
      closeSync(fd);
      return void response.end();
    }
    // The client has all of it before the end of the file is met. Of what somebody has written behind it by then nothing may be sent: the next answer would be none.
    pipeline(createReadStream(path, { fd, end: size - 1 }), response).catch(() => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function nginxConfig(work: string, root: string, port: number): string {
  const temps = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${work}/${name};`,
  );
  const user = process.getuid?.() === 0 ? "user root;" : "";
  return `${user} daemon off; worker_processes 1; pid ${work}/pid; error_log ${work}/error.log;
events { worker_connections 256; }
http { access_log off; ${temps.join(" ")}
  server { listen 127.0.0.1:${port}; root ${root}; } }`;
}

/** Waits until it answers, or has ended. */
async function answers(child: ChildProcess, url: string): Promise<boolean> {
  while (child.exitCode === null && child.signalCode === null) {
    const up = await fetch(url).then(
      () => true,
      () => false,
    );
    if (up) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
}
