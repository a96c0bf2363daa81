import { MlgitError } from "../../error/mlgit-error.ts";

export interface MeasuredVersion {
  readonly tag: string;
  readonly version: number;
  /** Tags, by the kind that is linked. */
  readonly links: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, unknown>>;
}

export interface Compared extends MeasuredVersion {
  /** The metrics that no other version has a better value of, where several have one. */
  readonly best: readonly string[];
  /** What each number is above that of the version it is held against. */
  readonly delta?: Readonly<Record<string, number>>;
}

export interface CompareOptions {
  /** `<metric>`, `<metric>:asc` or `<metric>:desc`. */
  readonly sort: string | undefined;
  /** A version's number or tag, or `previous`: the next lower one. */
  readonly against: string | undefined;
  /** Metrics whose lowest value is the best, besides those whose name says so. */
  readonly lower: readonly string[];
}

/**
 * Holds versions, the newest first, against each other. Versions that lack the metric that is sorted by come last.
 * @throws MlgitError kind `usage` for a metric or version that is not among them.
 */
export function compareMetrics(versions: readonly MeasuredVersion[], options: CompareOptions): Compared[] {
  const names = metricNames(versions);
  const sort = options.sort === undefined ? undefined : readSort(options.sort, names, options.lower);
  for (const name of options.lower) assertKnown(name, names);
  const isLower = (name: string) =>
    name === sort?.metric ? sort.ascending : options.lower.includes(name) || saysLower(name);
  const best = new Map(names.map((name) => [name, bestOf(versions, name, isLower(name))]));
  const base = baseFinder(versions, options.against);
  const compared = versions.map((one, i): Compared => {
    const other = base(i);
    return {
      ...one,
      best: names.filter((name) => best.get(name) !== undefined && best.get(name) === one.metrics[name]),
      ...(options.against === undefined ? {} : { delta: other ? differences(one, other) : {} }),
    };
  });
  return sort ? sorted(compared, sort) : compared;
}

/** The metrics that any version has, in the order they are met. */
export function metricNames(versions: readonly MeasuredVersion[]): string[] {
  return [...new Set(versions.flatMap(({ metrics }) => Object.keys(metrics)))];
}

interface Sort {
  readonly metric: string;
  readonly ascending: boolean;
}

function readSort(text: string, names: readonly string[], lower: readonly string[]): Sort {
  const [, before = text, direction] = names.includes(text) ? [] : (/^(.*):(asc|desc)$/s.exec(text) ?? []);
  assertKnown(before, names);
  const ascending = direction === undefined ? lower.includes(before) || saysLower(before) : direction === "asc";
  return { metric: before, ascending };
}

function assertKnown(metric: string, names: readonly string[]): void {
  if (names.includes(metric)) return;
  throw new MlgitError("usage", `no version has a metric ${JSON.stringify(metric)}`, {
    hint:
      names.length === 0 ? "git mlgit models add <name> --metric <metric> <number>" : `there are: ${names.join(", ")}`,
  });
}

/** Of a loss, an error or a duration nobody wants more. */
function saysLower(name: string): boolean {
  return /(^|[^a-z])(loss|losses|error|errors|err|mse|rmse|mae|mape|perplexity|ppl|wer|cer|fid|latency|time|seconds|ms)($|[^a-z])/i.test(
    name.replace(/([a-z])([A-Z])/g, "$1_$2"),
  );
}

function bestOf(versions: readonly MeasuredVersion[], name: string, lower: boolean): number | undefined {
  const values = versions.map(({ metrics }) => metrics[name]).filter(isNumber);
  if (values.length < 2) return undefined;
  return values.reduce((a, b) => (lower ? Math.min(a, b) : Math.max(a, b)));
}

function sorted(versions: readonly Compared[], { metric, ascending }: Sort): Compared[] {
  const [having, lacking] = [true, false].map((has) => versions.filter((one) => isNumber(one.metrics[metric]) === has));
  const value = (one: Compared) => one.metrics[metric] as number;
  having?.sort((a, b) => (ascending ? value(a) - value(b) : value(b) - value(a)));
  return [...(having ?? []), ...(lacking ?? [])];
}

function baseFinder(
  versions: readonly MeasuredVersion[],
  against: string | undefined,
): (index: number) => MeasuredVersion | undefined {
  if (against === undefined || against === "previous") return (index) => versions[index + 1];
  const base = versions.find(({ tag, version }) => tag === against || String(version) === against);
  if (!base)
    throw new MlgitError("usage", `${against} is not among the versions`, {
      hint: `previous, or one of ${versions.map(({ tag }) => tag).join(", ")}`,
    });
  return (index) => (versions[index] === base ? undefined : base);
}

function differences(one: MeasuredVersion, other: MeasuredVersion): Record<string, number> {
  return Object.fromEntries(
    Object.entries(one.metrics).flatMap(([name, value]) => {
      const was = other.metrics[name];
      // Two decimal numbers differ by one; the digits behind that are the machine's.
      return isNumber(value) && isNumber(was) ? [[name, Number((value - was).toPrecision(12))]] : [];
    }),
  );
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
