import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface HttpGit {
  /** Where the repositories below the folder are: `<url>/a.git`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** git's own smart HTTP server for the bare repositories below a folder, with pushes let in, on a port of loopback's. */
export async function serveGit(folder: string, env: Readonly<Record<string, string | undefined>>): Promise<HttpGit> {
  const server = createServer((request, response) => answer(request, response, { ...env, GIT_PROJECT_ROOT: folder }));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** CGI, as git-http-backend(1) wants it. */
function answer(
  request: IncomingMessage,
  response: ServerResponse,
  env: Readonly<Record<string, string | undefined>>,
): void {
  const { pathname, search } = new URL(request.url ?? "/", "http://host");
  const child = spawn("git", ["-c", "http.receivepack=true", "http-backend"], {
    env: {
      ...env,
      GIT_HTTP_EXPORT_ALL: "1",
      REQUEST_METHOD: request.method,
      PATH_INFO: decodeURIComponent(pathname),
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.on("error", () => {});
  request.pipe(child.stdin);
  const parts: Buffer[] = [];
  child.stdout.on("data", (part: Buffer) => parts.push(part));
  child.on("close", () => send(response, Buffer.concat(parts)));
}

function send(response: ServerResponse, cgi: Buffer): void {
  const end = cgi.indexOf("\r\n\r\n");
  for (const line of cgi.subarray(0, end).toString("latin1").split("\r\n")) {
    const [name = "", value = ""] = line.split(/: (.*)/);
    if (name === "Status") response.statusCode = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.end(cgi.subarray(end + 4));
}
