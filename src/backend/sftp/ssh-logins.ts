import { existsSync, readFileSync } from "node:fs";
import type { AnyAuthMethod, AuthenticationType, AuthHandlerMiddleware } from "ssh2";
import { askPassphrase } from "./ask-passphrase.ts";
import type { SshSettings } from "./ssh-settings.ts";

/** Ways to log in, one after the other, and what was tried, for the message when none is accepted. */
export interface Logins {
  readonly handler: AuthHandlerMiddleware;
  readonly tried: readonly string[];
}

/** The agent first, then key files; a passphrase is asked for only when it is its key's turn. */
export async function createLogins({ user, agent, identities, onlyIdentities }: SshSettings): Promise<Logins> {
  const { default: ssh } = await import("ssh2");
  const tried: string[] = [];
  const files = identities.filter((path) => existsSync(path));
  async function* ways(): AsyncGenerator<AnyAuthMethod> {
    yield { type: "none", username: user };
    if (agent !== undefined && existsSync(agent) && !onlyIdentities) {
      tried.push("the ssh agent");
      yield { type: "agent", username: user, agent };
    }
    for (const path of files) {
      const key = await readKey(path, ssh.utils.parseKey);
      tried.push(key ? path : `${path} (its passphrase is not known)`);
      if (key) yield { type: "publickey", username: user, ...key };
    }
    if (agent !== undefined && existsSync(agent) && onlyIdentities) {
      tried.push("the ssh agent");
      yield { type: "agent", username: user, agent };
    }
  }
  const next = ways();
  const handler: AuthHandlerMiddleware = (_left: AuthenticationType[], _partial: boolean, give) => {
    // The types do not know that `false` ends the attempt.
    const giveUp = () => give(false as never);
    void next.next().then(({ value, done }) => (done ? giveUp() : give(value)), giveUp);
  };
  return { handler, tried };
}

type Parse = (data: Buffer, passphrase?: string) => unknown;

async function readKey(path: string, parse: Parse): Promise<{ key: Buffer; passphrase?: string } | undefined> {
  const key = readFileSync(path);
  const plain = parse(key);
  if (!(plain instanceof Error)) return { key };
  if (!/encrypted|passphrase/i.test(plain.message)) return undefined;
  const passphrase = await askPassphrase(path);
  return passphrase !== undefined && !(parse(key, passphrase) instanceof Error) ? { key, passphrase } : undefined;
}
