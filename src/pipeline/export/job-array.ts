import type { Job } from "./job.ts";

/** Jobs that a scheduler takes as one: all wait for the same jobs, or each for the one of the same number in another array. */
export interface JobArray {
  /** By number; undefined where the array that this one follows has a job that nothing here waits for. */
  readonly jobs: readonly (Job | undefined)[];
  /** The array whose job of the same number each waits for. */
  readonly follows: JobArray | undefined;
  /** Of arrays that follow none: ids of what all of its jobs wait for. */
  readonly needs: readonly string[];
}

/** Slurm's `MaxArraySize` is 1001 unless somebody changes it. */
const mostJobs = 1000;

/** Jobs in arrays, each after those it needs. Chains that run beside each other become arrays that follow each other. */
export function arraysOf(jobs: readonly Job[]): JobArray[] {
  const arrays: JobArray[] = [];
  const homes = new Map<string, JobArray>();
  const keep = (array: JobArray) => {
    arrays.push(array);
    for (const job of array.jobs) if (job) homes.set(job.id, array);
  };
  let rest = jobs;
  while (rest.length > 0) {
    const ready = rest.filter(({ needs }) => needs.every((id) => homes.has(id)));
    const chosen = new Set(ready);
    rest = rest.filter((job) => !chosen.has(job));
    for (const array of group(ready, homes)) keep(array);
  }
  return arrays;
}

/** Arrays of jobs whose needs are all placed. */
function group(ready: readonly Job[], homes: ReadonlyMap<string, JobArray>): JobArray[] {
  const alike = groupBy(ready, ({ needs }) => [...needs].sort().join(" "));
  const homeOf = (some: readonly Job[]) => {
    const [first, second] = some;
    const home = first?.needs.length === 1 && !second ? homes.get(first.needs[0] as string) : undefined;
    return home && home.jobs.length > 1 ? home : undefined;
  };
  const chains = groupBy([...alike.values()], homeOf);
  return [...chains].flatMap(([home, lists]) =>
    home && lists.length > 1 ? [following(home, lists.flat())] : lists.flatMap(waiting),
  );
}

function waiting(jobs: readonly Job[]): JobArray[] {
  const count = Math.ceil(jobs.length / mostJobs);
  return Array.from({ length: count }, (_, i) => ({
    jobs: jobs.slice(i * mostJobs, (i + 1) * mostJobs),
    follows: undefined,
    needs: jobs[0]?.needs ?? [],
  }));
}

function following(home: JobArray, jobs: readonly Job[]): JobArray {
  const byNeed = new Map(jobs.map((job) => [job.needs[0], job]));
  return { jobs: home.jobs.map((job) => job && byNeed.get(job.id)), follows: home, needs: [] };
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
