import { MlgitError } from "../error/mlgit-error.ts";

/** What this file needs of git's configuration. */
interface ConfigReader {
  get(key: string): string | undefined;
}

/**
 * The protocol policy of git-config(1), `protocol.allow`, for the scheme inside an `mlgit::` URL: else a submodule that may use `mlgit` could read any folder
 * of this machine by `mlgit::file:`. git itself has judged `mlgit` already.
 * @throws MlgitError kind `refused`.
 */
export function assertInnerProtocol(
  url: string,
  config: ConfigReader,
  env: Readonly<Record<string, string | undefined>>,
): void {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? "";
  const protocol = protocolOf(scheme);
  const list = env.GIT_ALLOW_PROTOCOL;
  if (list !== undefined) {
    if (list.split(":").includes(protocol)) return;
    throw refused(protocol, url);
  }
  const preset = protocol === "file" || protocol === "rclone" ? "user" : "always";
  const allow = config.get(`protocol.${protocol}.allow`) ?? config.get("protocol.allow") ?? preset;
  const fromUser = !/^(0|false|no|off)$/i.test(env.GIT_PROTOCOL_FROM_USER ?? "1");
  if (allow === "always" || (allow === "user" && fromUser)) return;
  throw refused(protocol, url);
}

function protocolOf(scheme: string): string {
  if (scheme === "sftp" || scheme === "sftph") return "ssh";
  // A submodule of a clone must not start a program.
  if (scheme === "rclone" || scheme === "gdriveh" || scheme === "gs") return "rclone";
  return /^(file|http)$/.test(scheme) ? scheme : "https";
}

function refused(protocol: string, url: string): MlgitError {
  return new MlgitError("refused", `transport '${protocol}' not allowed inside mlgit::${url}`, {
    hint: `see protocol.allow in git help config; for one command: git -c protocol.${protocol}.allow=always …`,
  });
}
