import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { reportError } from "../../src/cli/report-error.ts";

afterEach(() => {
  jest.restoreAllMocks();
});

function said(error: unknown): { code: number; text: string } {
  const written = jest.spyOn(process.stderr, "write").mockReturnValue(true);
  return { code: reportError(error), text: written.mock.calls.map(([text]) => String(text)).join("") };
}

const failed = (code: string, syscall: string, path?: string) =>
  Object.assign(new Error(`${code}: words of the system's, ${syscall} '${path}'`), { code, syscall, path });

describe("an error of the system's that nobody has explained", () => {
  it.each([
    ["EROFS", 8, "cannot open /cache/index/x: the file system is read-only\nhint: mount it writable"],
    ["ENOSPC", 8, "cannot open /cache/index/x: the disk is full (no space left on device)\nhint: free some space"],
    ["EACCES", 7, "cannot open /cache/index/x: permission denied\nhint: check owner and mode"],
  ])("names the file and what to do: %s", (code, exit, text) => {
    const told = said(failed(code, "open", "/cache/index/x"));
    expect(told.text).toContain(`mlgit: ${text}`);
    expect(told.code).toBe(exit);
  });

  it("is told as it is where it names no file", () => {
    const told = said(failed("ENOSPC", "write"));
    expect(told.text).toContain("mlgit: ENOSPC: words of the system's");
    expect(told.code).toBe(8);
  });

  it("is a fault of ours where it is none that people can mend", () => {
    const told = said(failed("ENOTDIR", "mkdir", "/x"));
    expect(told.text).toContain("unexpected error: ENOTDIR");
  });
});
