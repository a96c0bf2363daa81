import type { Logger } from "pino";
import { redactText, redactValue } from "./redact.ts";

export type LogFields = Readonly<Record<string, unknown>>;
type Level = "debug" | "info" | "warn" | "error";

/** What happened, for whoever looks for a fault later. Never for results, never throws, never waits. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Opens the file for a line that will come, while there is time. */
  ready(): void;
}

export interface LogOptions {
  /** Where the log file belongs; undefined for none. Asked when the first line is written. */
  readonly file: () => Promise<string | undefined>;
  /** Receives every line as text, debug included (MLGIT_TRACE). */
  readonly trace?: ((line: string) => void) | undefined;
}

/** A log whose file, and pino with it, is opened by the first line of level info or above: most commands write none. */
export function createLog(options: LogOptions): Log & { close(): Promise<void> } {
  const begin = Date.now();
  let opening: Promise<Logger | undefined> | undefined;
  let writing: Promise<void> = Promise.resolve();
  const ready = () => {
    opening ??= openQuietly(options.file);
  };
  const write = (level: Level, message: string, fields: LogFields = {}) => {
    const safe = redactValue(fields) as LogFields;
    options.trace?.(traceLine(Date.now() - begin, message, safe));
    if (level === "debug") return;
    ready();
    const [opened, time] = [opening, new Date().toISOString()];
    writing = writing.then(async () => (await opened)?.[level]({ at: time, ...safe }, redactText(message)));
  };
  return {
    debug: (message, fields) => write("debug", message, fields),
    info: (message, fields) => write("info", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    error: (message, fields) => write("error", message, fields),
    ready,
    close: () => writing.catch(() => {}),
  };
}

/** A log file that cannot be opened is no reason to fail. */
async function openQuietly(file: LogOptions["file"]): Promise<Logger | undefined> {
  try {
    const path = await file();
    if (path === undefined) return undefined;
    const { openLogFile } = await import("./log-file.ts");
    return await openLogFile(path);
  } catch {
    return undefined;
  }
}

function traceLine(milliseconds: number, message: string, fields: LogFields): string {
  const words = Object.entries(fields).map(([key, value]) => ` ${key}=${inOneWord(value)}`);
  return `mlgit ${(milliseconds / 1000).toFixed(3)} ${redactText(message)}${words.join("")}`;
}

function inOneWord(value: unknown): string {
  return typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : (JSON.stringify(value) ?? "undefined");
}
