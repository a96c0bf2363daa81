const units: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Milliseconds of `14d`, `2h`, `30m`, `45s`, `2w` or a number of seconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit = ""] = /^(\d{1,9})([smhdw]?)$/.exec(text) ?? [];
  const factor = units[unit];
  return number === undefined || factor === undefined ? undefined : Number(number) * factor * 1000;
}
