/** What one look found. `bad` means that something will not work; `note` is worth knowing. */
export interface Finding {
  readonly check: string;
  readonly state: "ok" | "note" | "bad";
  readonly message: string;
  /** The exact command or change that mends it. */
  readonly fix?: string;
}

export function ok(check: string, message: string): Finding {
  return { check, state: "ok", message };
}

export function note(check: string, message: string, fix?: string): Finding {
  return { check, state: "note", message, ...(fix === undefined ? {} : { fix }) };
}

export function bad(check: string, message: string, fix: string): Finding {
  return { check, state: "bad", message, fix };
}
