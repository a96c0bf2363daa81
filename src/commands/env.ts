import { isMlgitError } from "../error/mlgit-error.ts";
import { filterConfig } from "../git/filter-config.ts";
import { findHookFolder } from "../git/hook-state.ts";
import { gitText } from "../git/run.ts";
import { hidePasswords } from "../log/redact.ts";
import { version } from "../util/version.ts";
import type { Command, Context } from "./command.ts";
import { loadSettings } from "./load-settings.ts";
import { Session } from "./session.ts";

export const command: Command = {
  async run(context) {
    const data = hidePasswords({ ...(await machine(context)), ...(await here(context)) });
    return { text: flatten(data).join("\n"), data };
  },
};

async function machine({ cwd }: Context): Promise<Record<string, unknown>> {
  const git = (await gitText(["version"], { cwd }))?.replace("git version ", "");
  const filter: Record<string, unknown> = {};
  for (const key of Object.keys(filterConfig)) {
    const [scope, value] = (await gitText(["config", "--show-scope", "--get", key], { cwd }))?.split("\t") ?? [];
    filter[key] = value === undefined ? null : `${value} (${scope})`;
  }
  return {
    mlgit: version,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    git,
    ...filter,
  };
}

async function here(context: Context): Promise<Record<string, unknown>> {
  try {
    const session = await Session.open(context);
    const { repository } = session;
    const { settings } = await loadSettings(repository);
    const { stores, treeStores: _, ...rest } = settings;
    return {
      repository,
      hooksFolder: (await findHookFolder(repository)).path,
      settings: { ...rest, cache: session.cacheFolder },
      stores: Object.fromEntries(stores),
      push: await storeFor(session, "push"),
      fetch: await storeFor(session, "fetch"),
    };
  } catch (error) {
    if (!isMlgitError(error)) throw error;
    return { problem: error.message };
  }
}

/** Which store a push or a fetch would use here; the reason why none, instead of an error. */
async function storeFor(session: Session, direction: "fetch" | "push"): Promise<unknown> {
  try {
    return await session.storeSettings(undefined, direction);
  } catch (error) {
    if (!isMlgitError(error)) throw error;
    return { problem: error.message };
  }
}

/** `a.b = value` lines; what is not set is left out. */
function flatten(value: unknown, path = ""): string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.length > 0 ? [`${path} = ${value.join(", ")}`] : [];
  if (typeof value !== "object") return [`${path} = ${value}`];
  return Object.entries(value).flatMap(([key, inner]) => flatten(inner, path === "" ? key : `${path}.${key}`));
}
