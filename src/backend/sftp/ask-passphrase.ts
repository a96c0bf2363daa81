import { execFile } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { ReadStream } from "node:tty";
import { promisify } from "node:util";

const [enter, lineFeed, backspace, deleteKey, interrupt, endOfText] = [0x0d, 0x0a, 0x08, 0x7f, 0x03, 0x04];

/**
 * Asks for a key's passphrase as ssh does: by the program of SSH_ASKPASS where it is to be used, else on the terminal, without showing it.
 * Undefined where nobody can be asked, or nothing was said. Source of the rules: ssh(1), SSH_ASKPASS and SSH_ASKPASS_REQUIRE.
 */
export async function askPassphrase(path: string): Promise<string | undefined> {
  const { SSH_ASKPASS: program, SSH_ASKPASS_REQUIRE: required = "" } = process.env;
  const question = `Enter passphrase for key '${path}': `;
  const canShow = Boolean(program) && required !== "never" && (required !== "" || hasDisplay());
  if (canShow && required !== "") return askProgram(program as string, question);
  const terminal = openTerminal();
  if (terminal !== undefined) return askTerminal(terminal, question);
  return canShow ? askProgram(program as string, question) : undefined;
}

function hasDisplay(): boolean {
  return Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}

async function askProgram(program: string, question: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(program, [question]);
    return stdout.replace(/\r?\n$/, "") || undefined;
  } catch {
    return undefined;
  }
}

function openTerminal(): number | undefined {
  try {
    return openSync("/dev/tty", "r");
  } catch {
    return undefined;
  }
}

async function askTerminal(fd: number, question: string): Promise<string | undefined> {
  let input: ReadStream;
  try {
    input = new ReadStream(fd);
  } catch {
    closeSync(fd);
    return undefined;
  }
  process.stderr.write(question);
  input.setRawMode(true);
  try {
    return await readLine(input);
  } finally {
    input.setRawMode(false);
    input.destroy();
    process.stderr.write("\n");
  }
}

function readLine(input: ReadStream): Promise<string | undefined> {
  const typed: number[] = [];
  return new Promise((resolve) => {
    input.on("data", (bytes: Buffer) => {
      for (const byte of bytes) {
        if (byte === interrupt || byte === endOfText) return resolve(undefined);
        if (byte === enter || byte === lineFeed) return resolve(Buffer.from(typed).toString("utf8") || undefined);
        if (byte === backspace || byte === deleteKey) typed.pop();
        else typed.push(byte);
      }
    });
    input.on("end", () => resolve(undefined));
    input.on("error", () => resolve(undefined));
  });
}
