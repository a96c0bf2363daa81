import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MlgitError } from "../../error/mlgit-error.ts";

/** A running `rclone rcd` of ours. */
export interface RcloneDaemon {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** Without these it answers nobody. */
  readonly headers: Readonly<Record<string, string>>;
  /** A private folder for what is being uploaded; it goes with the process. */
  readonly spool: string;
}

/**
 * Ends rclone, and removes the spool folder, when our end of the pipe on its stdin is closed: also when we are killed. The program's arguments
 * are the spool folder, and rclone's command line. Its own words ("Terminated") would go to a pipe that nobody reads any more, and end it early.
 */
const keeper = `
spool=$1; shift
exec 3<&0
"$@" </dev/null 3<&- & rclone=$!
exec 2>/dev/null
{ read -r _ <&3; kill "$rclone"; } & watch=$!
wait "$rclone"; code=$?
kill "$watch"
PATH="$PATH:/usr/bin:/bin" rm -rf -- "$spool"
exit "$code"`;

/** What could send the line that names the port somewhere else. */
const foreign = /^RCLONE_(RC(_.*)?|LOG_.*|QUIET|VERBOSE|SYSLOG.*|USE_JSON_LOG)$/;

let users = 0;
let running: { readonly child: ChildProcess; readonly ready: Promise<RcloneDaemon> } | undefined;

/** The process of this process, started by the first who asks. Everybody calls `releaseDaemon` at the end. */
export function acquireDaemon(): Promise<RcloneDaemon> {
  users++;
  running ??= start();
  return running.ready;
}

/** Ends it when nobody uses it any more. It ends with this process in any case. */
export async function releaseDaemon(): Promise<void> {
  if (--users > 0 || !running) return;
  const { child } = running;
  running = undefined;
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.stdin?.end();
  await ended;
}

function start(): NonNullable<typeof running> {
  const spool = mkdtempSync(join(tmpdir(), "mlgit-rclone-"));
  const [user, password] = [randomBytes(8).toString("hex"), randomBytes(24).toString("hex")];
  const own = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  const command = [
    "rclone",
    "rcd",
    "--rc-serve",
    "--rc-addr=127.0.0.1:0",
    "--ask-password=false",
    "--use-server-modtime",
  ];
  const child = spawn("/bin/sh", ["-c", keeper, "mlgit-rclone", spool, ...command], {
    stdio: ["pipe", "ignore", "pipe"],
    // Ctrl-C is for us: what we still have to finish may need it.
    detached: true,
    // Not on the command line, which everybody can read.
    env: { ...Object.fromEntries(own), RCLONE_RC_USER: user, RCLONE_RC_PASS: password },
  });
  const headers = { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
  const ready = whenServing(child).then((url) => {
    // From here on it must not keep us from ending.
    child.unref();
    for (const pipe of [child.stdin, child.stderr]) (pipe as unknown as Socket).unref();
    return { url, headers, spool };
  });
  return { child, ready };
}

/** Waits for the line in which rclone says where it serves. */
function whenServing(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      // Later lines repeat what the answers say.
      if (said.length < 10_000) said += text;
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
      if (url) resolve(url);
    });
    child.once("error", (error) => reject(notStarted(error.message)));
    child.once("close", (code) => reject(code === 127 ? notInstalled() : notStarted(said.trim())));
    child.stdin?.on("error", () => {});
  });
}

function notInstalled(): MlgitError {
  return new MlgitError("setup", "the program rclone is not installed, and this store is reached through it", {
    hint: "install it (apt-get install rclone, or https://rclone.org/install) and make sure that it is in PATH",
  });
}

function notStarted(said: string): MlgitError {
  return new MlgitError("setup", `rclone does not start: ${said.slice(-500)}`, {
    hint: "try: rclone rcd --rc-addr=127.0.0.1:0",
  });
}
