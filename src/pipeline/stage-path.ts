/**
 * A path of a stage in its one spelling: relative, `/` between folders, neither `.` nor an end slash. Undefined for what a stage may not name: nothing at all, the
 * repository as a whole, what lies outside of it or in a git dir.
 */
export function stagePath(text: string): string | undefined {
  if (text.startsWith("/") || /[\0\r\n]/.test(text)) return undefined;
  const parts: string[] = [];
  for (const part of text.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.pop() === undefined) return undefined;
    if (part !== "..") parts.push(part);
  }
  if (parts.length === 0 || parts.some((part) => part.toLowerCase() === ".git")) return undefined;
  return parts.join("/");
}

/** Names of stages are words of command lines, of diagrams and of file names. */
export const stageNamePattern = /^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,99}$/;
