import { fstatSync } from "node:fs";
import type { SingleBar } from "cli-progress";
import type { Progress } from "../commands/command.ts";
import { counted } from "../util/counted.ts";
import { formatBytes, formatDuration } from "../util/format-bytes.ts";

/** What the display needs of stderr. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressOptions {
  readonly quiet: boolean;
  readonly terminal?: Terminal;
  /** Without a terminal too, as one line when it is done. */
  readonly isForced?: boolean;
  /** Milliseconds of silence before the line appears. */
  readonly delay?: number;
}

interface State {
  files: number;
  bytes: number;
  totalFiles: number;
  totalBytes: number;
}

const silent: Progress = { total() {}, advance() {}, done() {} };
const eraseLine = "\r\u001b[K";

interface Shown {
  readonly terminal: Terminal;
  readonly line: () => string;
}

/** In the order in which they appeared. */
const shown: Shown[] = [];

/** Work within other work has one line as well: that of what was begun last, or the two would take turns. */
function lastLine(terminal: Terminal): string {
  return shown.findLast((one) => one.terminal === terminal)?.line() ?? "";
}

/** Text for people may interrupt the line: it is erased first and drawn again by its next tick. */
export function aboveProgress(text: string): string {
  return shown.length > 0 ? eraseLine + text : text;
}

/**
 * One line on stderr: title, files, bytes, rate, time left. It appears after a second, only on a terminal, and leaves nothing
 * behind. Never throws.
 */
export function createProgress(title: string, options: ProgressOptions): Progress {
  if (options.quiet) return silent;
  // Asking Node for the stream makes it, which takes longer than most of what git calls us for.
  const terminal = (): Terminal => options.terminal ?? process.stderr;
  const state: State = { files: 0, bytes: 0, totalFiles: 0, totalBytes: 0 };
  const begin = process.uptime();
  const line = () => progressLine(title, state, process.uptime() - begin).slice(0, (terminal().columns ?? 80) - 1);
  const bar =
    options.terminal || isDevice(2) ? lateBar(terminal, { line, delay: options.delay ?? 1000 }) : { end: () => {} };
  return {
    total: (files, bytes) => void Object.assign(state, { totalFiles: files, totalBytes: bytes }),
    advance(files, bytes) {
      state.files += files;
      state.bytes += bytes;
    },
    done() {
      bar.end();
      if (options.isForced && state.files + state.bytes > 0 && terminal().isTTY !== true)
        terminal().write(`${line()}, done.\n`);
    },
  };
}

/** False for what is no terminal, without the stream that knows for sure; nor is a timer made then. */
function isDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    return false;
  }
}

/** Draws the line while there is a terminal, from `delay` milliseconds on. */
function lateBar(
  terminal: () => Terminal,
  { line, delay }: { readonly line: () => string; readonly delay: number },
): { end(): void } {
  let bar: SingleBar | undefined;
  let ended = false;
  let hide = () => {};
  const timer = setTimeout(async () => {
    if (terminal().isTTY !== true) return;
    const one = { terminal: terminal(), line };
    shown.push(one);
    hide = () => void shown.splice(shown.indexOf(one), 1);
    const opened = await openBar(one.terminal);
    if (ended || !opened) {
      if (!ended) hide();
      return opened?.stop();
    }
    bar = opened;
  }, delay);
  timer.unref();
  return {
    end() {
      clearTimeout(timer);
      ended = true;
      hide();
      hide = () => {};
      bar?.stop();
      bar = undefined;
    },
  };
}

/** The text of the line after `seconds`. Without totals it counts, with them it also says how long. */
export function progressLine(title: string, state: Readonly<State>, seconds: number): string {
  const rate = seconds > 0 ? state.bytes / seconds : 0;
  const files = state.totalFiles > 0 ? `${state.files}/${state.totalFiles} files` : `${counted(state.files, "file")}`;
  const bytes =
    state.totalBytes > 0 ? `${formatBytes(state.bytes)} of ${formatBytes(state.totalBytes)}` : formatBytes(state.bytes);
  const left = rate > 0 && state.totalBytes > state.bytes ? (state.totalBytes - state.bytes) / rate : undefined;
  const parts = [
    ...(state.files + state.totalFiles > 0 ? [files] : []),
    bytes,
    `${formatBytes(rate)}/s`,
    ...(left === undefined ? [] : [`${formatDuration(left)} left`]),
  ];
  return `${title}: ${parts.join(", ")}`;
}

async function openBar(terminal: Terminal): Promise<SingleBar | undefined> {
  try {
    const { default: cliProgress } = await import("cli-progress");
    const bar = new cliProgress.SingleBar({
      format: () => lastLine(terminal),
      stream: terminal as NodeJS.WritableStream,
      clearOnComplete: true,
      forceRedraw: true,
      fps: 5,
      gracefulExit: false,
    });
    bar.start(1, 0);
    return bar;
  } catch {
    return undefined;
  }
}
