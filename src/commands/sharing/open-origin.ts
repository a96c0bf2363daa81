import { resolve } from "node:path";
import { redactUrl } from "../../backend/location.ts";
import { foreignTrustKey } from "../../config/foreign-stores.ts";
import { MlgitError } from "../../error/mlgit-error.ts";
import { addConfig } from "../../git/git-config.ts";
import { resolveRemote } from "../../git/remote.ts";
import type { Repository } from "../../git/repository.ts";
import { openScratch, type Scratch } from "../../git/scratch.ts";
import type { Context, Options } from "../command.ts";
import { Session } from "../session.ts";
import { localFile } from "../store-names.ts";
import { scratchParent } from "./adopt.ts";
import type { ForeignPlace } from "./foreign-stores.ts";

/** Origins that the user named by a command in this repository: a spec's word alone contacts nobody (invariant 9). */
export const originTrustKey = "mlgit.origin.trusted";

/** Another repository, ready to be asked. Close it. */
export interface OpenOrigin {
  readonly session: Session;
  readonly repository: Repository;
  readonly scratch: Scratch;
  /** As git is to use it. */
  readonly url: string;
  /** As a spec names it: absolute, without credentials. */
  readonly recorded: string;
  place(config: string | undefined): ForeignPlace;
  close(): Promise<void>;
}

/** @throws MlgitError kind `usage` for what can be no URL. Contacts nobody. */
export async function openOrigin(context: Context, given: string): Promise<OpenOrigin> {
  if (given === "" || given.startsWith("-"))
    throw new MlgitError("usage", `${JSON.stringify(given)} is no repository's URL`);
  const session = await Session.open(context);
  try {
    const remotes = session.git.names("remote", "url");
    const named = remotes.includes(given) ? (session.git.get(`remote.${given}.url`) ?? given) : given;
    const absolute = absoluteUrl(named, named === given ? context.cwd : (session.repository.workTree ?? context.cwd));
    const { fetchUrl } = await resolveRemote(
      session.repository,
      session.git,
      remotes.includes(given) ? given : absolute,
    );
    const url = absoluteUrl(fetchUrl, session.repository.workTree ?? context.cwd);
    const remote = remotes.find(
      (name) => absoluteUrl(session.git.get(`remote.${name}.url`) ?? "", context.cwd) === absolute,
    );
    const cache = await session.cache();
    const scratch = await openScratch(session.repository, scratchParent(cache.layout.root), cache.layout.root);
    return {
      session,
      repository: session.repository,
      scratch,
      url,
      recorded: withoutCredentials(absolute),
      place: (config) => ({ url, remote, config }),
      async close() {
        scratch.remove();
        await session.close();
      },
    };
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** The user named it by a command, so that it may be asked again. */
export async function rememberOrigin(
  context: Context,
  { recorded }: Pick<OpenOrigin, "recorded">,
  options: Options,
): Promise<void> {
  await addConfig(localFile(context), originTrustKey, recorded);
  for (const place of (options.trustStore ?? []) as readonly string[])
    await addConfig(localFile(context), foreignTrustKey, place);
}

/** Paths become absolute; git reads `a:b` as ssh unless a `/` comes before the colon. */
function absoluteUrl(url: string, base: string): string {
  const isPath = !/^[a-z][a-z0-9+.-]*::?/i.test(url) && !/^[^/]+:/.test(url);
  return isPath ? resolve(base, url) : url;
}

/** A name and password in a URL are nobody else's business; a user's name alone (ssh://git@host) belongs to it. */
function withoutCredentials(url: string): string {
  return redactUrl(url).replace(/^([a-z][a-z0-9+.:-]*:\/\/)\*\*\*@/i, "$1");
}
