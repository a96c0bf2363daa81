import type { SftpConfig } from "./sftp-config.ts";
import { connectError } from "./sftp-error.ts";
import { SftpLine } from "./sftp-line.ts";
import { logIn, type SshLogin } from "./ssh-client.ts";

export interface SftpSession {
  readonly line: SftpLine;
  end(): void;
}

/**
 * Opens one connection with one SFTP channel, as ssh's configuration says. A host whose key is not in known_hosts is refused.
 * @throws BackendError kinds `unreachable`, `denied`, `refused`, `unsupported`.
 */
export async function connectSftp(config: SftpConfig): Promise<SftpSession> {
  const login = await logIn(config);
  try {
    return await openChannel(login);
  } catch (error) {
    login.end();
    const { settings } = login;
    throw connectError(error, { where: settings.host, host: config.host, user: settings.user, tried: [] });
  }
}

function openChannel({ client, end }: SshLogin): Promise<SftpSession> {
  return new Promise((resolve, reject) => {
    // Where the line breaks just now, nobody calls back.
    const broken = () => reject(new Error("the connection was lost"));
    client.on("error", broken).on("close", broken);
    client.sftp((error, sftp) => {
      if (error) return reject(error);
      const line = new SftpLine(sftp);
      const close = () => line.close();
      for (const source of [client, sftp]) source.on("error", close).on("close", close);
      resolve({ line, end });
    });
  });
}
