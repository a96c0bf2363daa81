import { type AttributeLine, formatAttributeLine, parseAttributeLine, trackedAttributes } from "./attribute-line.ts";

/**
 * Lines for names that must stay readable to git and to us, put after patterns that would match them as well (`*`, `data/**`).
 * `!attr` takes an attribute back to not being mentioned.
 */
const guardAttributes = ["!filter", "!diff", "!merge", "!text"];
export const guardPatterns: readonly string[] = [".git*", "/.mlgit/**", "/mlgit.yaml", "*.spec"];

/** True if a line makes its pattern tracked. */
export function isTracking({ attributes }: AttributeLine): boolean {
  return attributes.includes("filter=mlgit");
}

/** The patterns that a .gitattributes text tracks, with their line numbers from 1. */
export function trackedPatterns(text: string): { pattern: string; line: number }[] {
  return splitLines(text).lines.flatMap((raw, i) => {
    const line = parseAttributeLine(raw);
    return line && isTracking(line) ? [{ pattern: line.pattern, line: i + 1 }] : [];
  });
}

/** Adds lines that track the patterns; guards, where needed, go last. Everything else stays as it is, line ends included. */
export function addPatterns(text: string, patterns: readonly string[], guards: readonly string[] = []): string {
  const { lines, end } = splitLines(text);
  const known = new Set(trackedPatterns(text).map(({ pattern }) => pattern));
  const missing = patterns.filter((pattern) => !known.has(pattern));
  const guardLines = guards.map((pattern) => formatAttributeLine({ pattern, attributes: guardAttributes }));
  // A guard that stands before a new pattern would lose against it.
  const kept = missing.length === 0 ? lines : lines.filter((line) => !isGuard(line));
  const before = missing.length === 0 ? [] : lines.filter(isGuard);
  const added = missing.map((pattern) => formatAttributeLine({ pattern, attributes: trackedAttributes }));
  const last = [...new Set([...before, ...guardLines])].filter((line) => !kept.includes(line));
  return joinLines([...kept, ...added, ...last], end);
}

/** Removes our attributes from lines with these patterns, and lines that say nothing else. `removed`: the patterns that were found. */
export function removePatterns(text: string, patterns: readonly string[]): { text: string; removed: string[] } {
  const { lines, end } = splitLines(text);
  const removed: string[] = [];
  const kept = lines.flatMap((raw) => {
    const line = parseAttributeLine(raw);
    if (!line || !isTracking(line) || !patterns.includes(line.pattern)) return [raw];
    removed.push(line.pattern);
    const others = line.attributes.filter((word) => !ours.has(word));
    return others.length === 0 ? [] : [formatAttributeLine({ pattern: line.pattern, attributes: others })];
  });
  const guarded = kept.some((raw) => isTrackingText(raw));
  return { text: joinLines(guarded ? kept : kept.filter((line) => !isGuard(line)), end), removed };
}

const ours = new Set([...trackedAttributes, "merge=mlgit", "merge=binary"]);

function isTrackingText(raw: string): boolean {
  const line = parseAttributeLine(raw);
  return line !== undefined && isTracking(line);
}

function isGuard(raw: string): boolean {
  const line = parseAttributeLine(raw);
  return (
    line !== undefined &&
    guardPatterns.includes(line.pattern) &&
    line.attributes.join(" ") === guardAttributes.join(" ")
  );
}

function splitLines(text: string): { lines: string[]; end: string } {
  const end = text.includes("\r\n") ? "\r\n" : "\n";
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return { lines, end };
}

function joinLines(lines: readonly string[], end: string): string {
  return lines.map((line) => line + end).join("");
}
