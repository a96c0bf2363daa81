/** One line that git gives the pre-receive hook on the server: `<old oid> SP <new oid> SP <ref> LF`. */
export interface ReceiveLine {
  readonly ref: string;
  /** Undefined for a new ref. */
  readonly oldOid: string | undefined;
  /** Undefined for a deletion. */
  readonly newOid: string | undefined;
}

/** Source of the format: githooks(5), pre-receive. */
export function parseReceiveLines(text: string): ReceiveLine[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [oldOid = "", newOid = "", ...ref] = line.split(" ");
      return { ref: ref.join(" "), oldOid: oidOrNone(oldOid), newOid: oidOrNone(newOid) };
    });
}

function oidOrNone(oid: string): string | undefined {
  return /^0*$/.test(oid) ? undefined : oid;
}
