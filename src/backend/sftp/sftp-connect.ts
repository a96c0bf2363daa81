import type { SFTPWrapper } from "ssh2";
import type { SftpConfig } from "./sftp-config.ts";
import { connectError } from "./sftp-error.ts";
import { logIn, type SshLogin } from "./ssh-client.ts";

export interface SftpSession {
  readonly sftp: SFTPWrapper;
  /** False after the connection broke: what comes next needs a new one. */
  isOpen(): boolean;
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
  let isOpen = true;
  const close = () => {
    isOpen = false;
  };
  // Requests that are under way hear of it by themselves.
  client.on("error", close).on("close", close);
  return new Promise((resolve, reject) => {
    client.sftp((error, sftp) => {
      if (error) return reject(error);
      sftp.on("close", close).on("error", close);
      resolve({ sftp, isOpen: () => isOpen, end });
    });
  });
}
