import type { History, NamedObject } from "../git/history.ts";
import type { StoredPack } from "./pack-objects.ts";
import { type PushRequest, rejectionOf } from "./push-rules.ts";
import { findFolderClash } from "./ref-name.ts";
import type { RemoteRepository } from "./remote-repository.ts";
import { nextRoot, type Root } from "./root.ts";
import type { Snapshot } from "./root-place.ts";
import { savePack } from "./save-pack.ts";
import { newTransaction, swapRoot } from "./swap-root.ts";

export interface PushOptions {
  readonly atomic: boolean;
  readonly dryRun: boolean;
  /** `--force-with-lease`: ref → oid, empty where it must not exist. */
  readonly leases: ReadonlyMap<string, string>;
  /** The branch that HEAD names here, for a repository that has no branch yet. */
  readonly localHead: string | undefined;
  /** Makes everything durable that these commits need besides git's objects. Called before the root is replaced. */
  readonly uploadData: (tips: readonly string[], known: readonly string[]) => Promise<void>;
  /** Throws for changes that break rules beyond git's own. Called with each root that may be replaced; `known`: ids the remote has. */
  readonly checkRules: (changes: readonly Change[], known: readonly string[]) => Promise<void>;
  /** May join packs of a root that is about to be written. */
  readonly compact: (root: Root) => Promise<Pick<Root, "packs" | "retired">>;
}

export interface Change {
  readonly target: string;
  readonly old: string | undefined;
  /** Undefined for a deletion. */
  readonly next: string | undefined;
}

/** Above this a root has its packs joined, however many are pushing. */
const mostPacks = 40;

/** Target → why not; undefined for what was done. */
export type PushOutcome = Map<string, string | undefined>;

/** One push of several refs. */
export class Push {
  readonly #remote: RemoteRepository;
  readonly #history: History;
  readonly #options: PushOptions;
  /** One for all tries: a try whose answer was lost may still arrive. */
  readonly #transaction = newTransaction();
  #pack: { readonly stored: StoredPack | undefined; readonly epoch: number } | undefined;
  #dataDone = false;
  #tries = 0;

  constructor(remote: RemoteRepository, history: History, options: PushOptions) {
    this.#remote = remote;
    this.#history = history;
    this.#options = options;
  }

  /**
   * Pushes, as long as others are faster again and again. `listed` is the root whose refs git was told.
   * @throws MlgitError when nothing was decided: the store cannot be reached, data is missing.
   */
  async run(requests: readonly PushRequest[], listed: Snapshot): Promise<PushOutcome> {
    const sources = await this.#history.resolve(requests.map(({ source }) => source || "-"));
    const wanted = requests.map((request, i) => ({ request, source: sources[i] }));
    let outcome: PushOutcome = new Map();
    const { place } = this.#options.dryRun ? { place: undefined } : this.#remote;
    const decide = async (root: Root) => {
      const decision = await this.#decide(wanted, root, listed.root);
      outcome = decision.outcome;
      if (decision.changes.length === 0) return undefined;
      if (place) return this.#next(root, decision.changes);
      await this.#options.checkRules(decision.changes, await this.#knownHere(root));
      return undefined;
    };
    if (place) await swapRoot({ place, transaction: this.#transaction, first: listed }, decide);
    else await decide(listed.root);
    return outcome;
  }

  async #decide(wanted: readonly Wanted[], root: Root, listed: Root): Promise<Decision> {
    const outcome: PushOutcome = new Map();
    const changes: Change[] = [];
    for (const { request, source } of wanted) {
      const change = { target: request.target, old: root.refs.get(request.target), next: source?.oid };
      const why = await rejectionOf(request, {
        ...change,
        nextType: source?.type,
        lease: this.#options.leases.get(request.target),
        listed: listed.refs.get(request.target),
        head: root.head,
        protected: root.protected,
        history: this.#history,
      });
      outcome.set(request.target, why);
      if (why === undefined && change.old !== change.next) changes.push(change);
    }
    rejectClashes(root, changes, outcome);
    await this.#rejectShallow(root, changes, outcome);
    return this.#sifted(outcome, changes);
  }

  /** History that ends at the edge of a shallow clone would be broken history for everybody else. */
  async #rejectShallow(root: Root, changes: readonly Change[], outcome: PushOutcome): Promise<void> {
    if (!this.#history.isShallow()) return;
    const known = await this.#knownHere(root);
    for (const { target, next } of changes)
      if (next !== undefined && (await this.#history.reachesShallowEdge([next], known)))
        outcome.set(target, "shallow update not allowed");
  }

  /** All or nothing with --atomic; otherwise what was not rejected. */
  #sifted(outcome: PushOutcome, changes: readonly Change[]): Decision {
    const accepted = changes.filter(({ target }) => outcome.get(target) === undefined);
    if (!this.#options.atomic || [...outcome.values()].every((why) => why === undefined))
      return { outcome, changes: accepted };
    for (const [target, why] of outcome) outcome.set(target, why ?? "atomic push failed");
    return { outcome, changes: [] };
  }

  /** Of the remote's refs those that are here: what they reach need not be sent. */
  async #knownHere({ refs }: Root): Promise<string[]> {
    const oids = [...new Set(refs.values())];
    const found = await this.#history.resolve(oids);
    return oids.filter((_, i) => found[i] !== undefined);
  }

  async #uploadData(tips: readonly string[], known: readonly string[]): Promise<void> {
    if (!this.#dataDone && tips.length > 0) await this.#options.uploadData(tips, known);
    this.#dataDone = true;
  }

  async #uploadPack(tips: readonly string[], known: readonly string[], root: Root): Promise<StoredPack | undefined> {
    // Since gc, what the pack builds on may be gone.
    if (this.#pack?.epoch === root.epoch) return this.#pack.stored;
    const { backend, signal } = this.#remote;
    const source = { repository: this.#history.repository, tips, known };
    const stored = tips.length > 0 ? await savePack(backend, source, signal) : undefined;
    this.#pack = { stored, epoch: root.epoch };
    return stored;
  }

  /** Everything but the root is durable when this resolves. */
  async #next(root: Root, changes: readonly Change[]): Promise<Root> {
    const tips = [...new Set(changes.flatMap(({ next }) => next ?? []))];
    const known = await this.#knownHere(root);
    await this.#options.checkRules(changes, known);
    await this.#uploadData(tips, known);
    const stored = await this.#uploadPack(tips, known, root);
    const refs = changedRefs(root, changes);
    const generation = root.generation + 1;
    const added = stored ? [...root.packs, { from: generation, to: generation, ...stored }] : root.packs;
    const { packs, retired } = await this.#compacted({ ...root, packs: added });
    const peeled = await this.#peeled(root, changes);
    const head = headFor(root, refs, this.#options.localHead);
    return nextRoot(root, this.#transaction, { refs, peeled, packs, retired, head });
  }

  /** Where others are faster, joining is left to them: it makes a try slower, and the next root would be without it. */
  async #compacted(root: Root): Promise<Pick<Root, "packs" | "retired">> {
    return this.#tries++ === 0 || root.packs.length > mostPacks ? this.#options.compact(root) : root;
  }

  async #peeled({ peeled }: Root, changes: readonly Change[]): Promise<Map<string, string>> {
    const next = new Map(peeled);
    const found = await this.#history.resolve(changes.map((change) => `${change.next ?? ""}^{}`));
    for (const [i, change] of changes.entries()) {
      const oid = found[i]?.oid;
      if (change.next !== undefined && oid !== undefined && oid !== change.next) next.set(change.target, oid);
      else next.delete(change.target);
    }
    return next;
  }
}

interface Wanted {
  readonly request: PushRequest;
  readonly source: NamedObject | undefined;
}

interface Decision {
  readonly outcome: PushOutcome;
  readonly changes: readonly Change[];
}

function changedRefs({ refs }: Root, changes: readonly Change[]): Map<string, string> {
  const next = new Map(refs);
  for (const { target, next: oid } of changes)
    if (oid === undefined) next.delete(target);
    else next.set(target, oid);
  return next;
}

/** Of names that cannot stand beside each other, those that this push would make. */
function rejectClashes(root: Root, changes: readonly Change[], outcome: PushOutcome): void {
  for (;;) {
    const accepted = changes.filter(({ target }) => outcome.get(target) === undefined);
    const clash = findFolderClash(changedRefs(root, accepted).keys());
    const guilty = accepted.filter(({ target, next }) => next !== undefined && clash?.includes(target));
    if (!clash || guilty.length === 0) return;
    for (const { target } of guilty) outcome.set(target, `${clash[0]} and ${clash[1]} cannot both exist`);
  }
}

/** Whoever brings the first branch decides what HEAD is: the branch checked out, or the one that is called as most are. */
function headFor(root: Root, refs: ReadonlyMap<string, string>, localHead: string | undefined): string {
  const isBranch = (name: string) => name.startsWith("refs/heads/");
  if ([...root.refs.keys()].some(isBranch)) return root.head;
  const branches = [...refs.keys()].filter(isBranch).sort();
  const wanted = [localHead, "refs/heads/main", "refs/heads/master", ...branches];
  return wanted.find((name) => name !== undefined && isBranch(name) && refs.has(name)) ?? root.head;
}
