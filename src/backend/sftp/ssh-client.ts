import type { Client, ClientChannel } from "ssh2";
import { BackendError } from "../backend-error.ts";
import { HostJudge } from "./host-judge.ts";
import { connectError } from "./sftp-error.ts";
import { createLogins } from "./ssh-logins.ts";
import { jumpOf, readSshSettings, type SshSettings, type SshTarget } from "./ssh-settings.ts";

/** A login on a host, and on those on the way to it. */
export interface SshLogin {
  readonly client: Client;
  readonly settings: SshSettings;
  /** Ends the connection and those that carry it. */
  end(): void;
}

/** For each answer of the server's; a person who types a passphrase meanwhile is not hurried. */
const patience = 20_000;
/** A dead line is noticed after this many unanswered questions. */
const alive = { keepaliveInterval: 15_000, keepaliveCountMax: 3 };
/** More are hosts that jump through each other in a circle. */
const mostJumps = 8;

/**
 * Logs in, as ssh's configuration says, through the hosts of ProxyJump if it names some: each is judged and logged in to by its own settings. `via`: hosts on
 * the way that somebody else's ProxyJump names, in place of the host's own.
 * @throws BackendError kinds `unreachable`, `denied`, `refused`, `unsupported`.
 */
export async function logIn(target: SshTarget, via?: readonly string[], depth = 0): Promise<SshLogin> {
  const settings = await readSshSettings(target);
  const jumps = via ?? settings.jumps;
  const last = jumps.at(-1);
  if (last === undefined) return connect(target, settings);
  if (depth === mostJumps)
    throw new BackendError("unsupported", `ssh's configuration reaches ${target.host} through too many hosts`, {
      hint: "do its ProxyJump lines go in a circle? leave the gate itself out of them: Host * !gate",
    });
  const gate = await logIn(jumpOf(last), jumps.length > 1 ? jumps.slice(0, -1) : undefined, depth + 1);
  try {
    return await connect(target, settings, { gate, line: await lineThrough(gate, settings) });
  } catch (error) {
    gate.end();
    throw error;
  }
}

interface Way {
  readonly gate: SshLogin;
  readonly line: ClientChannel;
}

async function connect(target: SshTarget, settings: SshSettings, way?: Way): Promise<SshLogin> {
  const { default: ssh } = await import("ssh2");
  const logins = await createLogins(settings);
  const judge = new HostJudge(settings);
  const client = new ssh.Client();
  // Whoever waits hears of it otherwise; an error that nobody listens to would end the process.
  client.on("error", () => {});
  const watch = new Watch(client);
  const end = () => {
    client.end();
    way?.gate.end();
  };
  try {
    watch.start();
    await ready(client, (start) =>
      start.connect({
        ...(way ? { sock: way.line } : { host: settings.host, port: settings.port }),
        username: settings.user,
        readyTimeout: 0,
        ...alive,
        ...judge.algorithms,
        hostVerifier: (key: Buffer) => judge.accepts(key),
        authHandler: (left, partial, give) => {
          watch.pause();
          logins.handler(left, partial, (way) => {
            watch.start();
            give(way);
          });
        },
      }),
    );
    watch.pause();
    client.setNoDelay(true);
    client.once("close", end);
    return { client, settings, end };
  } catch (error) {
    watch.pause();
    client.end();
    const failed = { where: addressOf(settings), host: target.host, user: settings.user, tried: logins.tried };
    throw judge.refusal ?? connectError(error, failed);
  }
}

/** Ends a connection whose server says nothing for too long. */
class Watch {
  readonly #client: Client;
  #timer: NodeJS.Timeout | undefined;

  constructor(client: Client) {
    this.#client = client;
  }

  start(): void {
    this.pause();
    this.#timer = setTimeout(() => {
      this.#client.emit("error", Object.assign(new Error("no answer"), { code: "ETIMEDOUT" }));
      this.#client.destroy();
    }, patience);
  }

  pause(): void {
    clearTimeout(this.#timer);
  }
}

function ready(client: Client, start: (client: Client) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    client.once("ready", resolve);
    client.once("error", reject);
    client.once("close", () => reject(new Error("the server hung up")));
    start(client);
  });
}

/** What the gate's server says when it forbids forwarding. Source: RFC 4254, section 5.1. */
const prohibited = 1;

function lineThrough({ client, settings: gate }: SshLogin, to: SshSettings): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    client.forwardOut("127.0.0.1", 0, to.host, to.port, (error, line) => {
      if (!error) return resolve(line);
      const what = `${addressOf(gate)} does not let us through to ${addressOf(to)} (${error.message})`;
      const isForbidden = (error as { reason?: unknown }).reason === prohibited;
      const hint = isForbidden
        ? "ask who runs it: its sshd needs AllowTcpForwarding"
        : "is that host's name right, as it is seen from there? try `ssh` by hand";
      reject(new BackendError(isForbidden ? "denied" : "unreachable", what, { hint, cause: error }));
    });
  });
}

function addressOf({ host, port }: SshSettings): string {
  return `${host}${port === 22 ? "" : `:${port}`}`;
}
