import type { RemotePack, Root } from "./root.ts";

/**
 * The packs, in order, that whoever has everything up to the generation `have` needs to have all. Where a joined pack begins before that, what it was joined
 * from is taken as long as it is kept.
 */
export function wantedPacks(root: Pick<Root, "packs" | "retired">, have: number): RemotePack[] {
  const retired = new Map(root.retired.map(({ by, packs }) => [by, packs]));
  const pick = (packs: readonly RemotePack[], depth: number): RemotePack[] =>
    packs
      .filter((pack) => pack.to > have)
      .flatMap((pack) => {
        const parts = pack.from <= have && depth < 20 ? retired.get(pack.pieces[0] ?? "") : undefined;
        return parts ? pick(parts, depth + 1) : [pack];
      });
  return pick(root.packs, 0);
}
