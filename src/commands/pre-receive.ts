import { parseReceiveLines } from "../git/receive-lines.ts";
import { collectText } from "../util/collect-text.ts";
import { refuseBreaches } from "./breach.ts";
import { checkRange } from "./check-range.ts";
import type { Command } from "./command.ts";
import { arrivingVersions, commitsOf, movedTags } from "./moving-tags.ts";
import { refuseRaw } from "./raw-in-range.ts";
import { givenTags, strayTags } from "./stray-tags.ts";

/**
 * git's hook on a server before it takes a push: the rules of entities hold there too, whatever hooks the pusher has. stdin has a line for each ref.
 * Whether a flexible file was unlocked is known only where it was done, so that is not asked here.
 */
export const command: Command = {
  raw: true,
  async run(context) {
    const repository = await context.repository();
    const lines = parseReceiveLines(await collectText(context.input));
    const updates = lines.map(({ ref, oldOid, newOid }) => ({ ref, from: oldOid, to: newOid }));
    const include = updates.flatMap(({ to }) => to ?? []);
    const breaches = [
      ...movedTags(updates),
      ...(await strayTags(repository, givenTags(updates), include)),
      ...(await checkRange(
        repository,
        { include, exclude: ["--all"] },
        { arriving: await arrivingVersions(repository, updates), unlocked: () => true },
      )),
    ];
    refuseBreaches(breaches, "this push would break rules of its entities");
    await refuseRaw(repository, { include: await commitsOf(repository, updates), exclude: ["--all"] });
    return {};
  },
};
