import { shellWord } from "../util/shell-word.ts";
import type { BackendOptions } from "./backend.ts";
import { parseStoreUrl } from "./location.ts";

/** What people write to mend how a place is reached; for hints, in the names that they gave. */
export interface StoreAdvice {
  /** Makes its bucket. */
  readonly create: string;
  /** Says which server it is at; undefined where that was said. */
  readonly endpoint: string | undefined;
}

const example = "https://s3.example.com";

export function storeAdvice(options: BackendOptions): StoreAdvice {
  return { create: createCommand(options), endpoint: options.endpointUrl ? undefined : endpointCommand(options) };
}

function createCommand(options: BackendOptions): string {
  const store = storeName(options);
  if (store !== undefined) return `git mlgit store create ${word(store)}`;
  const { url, endpointUrl, profile, account } = options;
  // A git remote in a store has a URL and no store's name; the bucket's is one that nobody else has here.
  const { authority: name } = parseStoreUrl(url);
  const how = Object.entries({ "--endpoint-url": endpointUrl, "--profile": profile, "--account": account });
  const flags = how.flatMap(([flag, value]) => (value ? [word(`${flag}=${value}`)] : []));
  const add = ["git mlgit store add", "--local", ...flags, word(name), word(url)].join(" ");
  return `${add} && git mlgit store create ${word(name)}`;
}

function endpointCommand(options: BackendOptions): string {
  const store = storeName(options);
  if (store !== undefined) return `git config ${word(`mlgit.store.${store}.endpointUrl`)} ${example}`;
  const { name, url } = options;
  // A remote that is called by its URL has no settings.
  if (name === undefined || /[:/]/.test(name)) return `AWS_ENDPOINT_URL=${example}`;
  const key = `remote.${name}.mlgitEndpointUrl`;
  return `git clone -c ${word(`${key}=${example}`)} ${word(`mlgit::${url}`)}, or in a clone git config ${word(key)} ${example}`;
}

function storeName({ name, source }: BackendOptions): string | undefined {
  return source === "remote" ? undefined : name;
}

function word(text: string): string {
  return shellWord(Buffer.from(text));
}
