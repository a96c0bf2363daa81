import { createHash } from "node:crypto";

/** Multibase `z`: base58 in Bitcoin's alphabet. */
const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/** CID version 1, codec dag-pb, multihash SHA-256 of 32 bytes: what ml-git names objects by. Source: the CID and multihash specifications. */
const head = Buffer.from([0x01, 0x70, 0x12, 0x20]);

/** The SHA-256 that a CID of ml-git's form stands for; undefined for any other text. */
export function digestOfCid(cid: string): Buffer | undefined {
  if (!/^z[1-9A-HJ-NP-Za-km-z]{40,60}$/.test(cid)) return undefined;
  let value = 0n;
  for (const letter of cid.slice(1)) value = value * 58n + BigInt(alphabet.indexOf(letter));
  const hex = value.toString(16).padStart((head.length + 32) * 2, "0");
  const bytes = Buffer.from(hex, "hex");
  return bytes.length === head.length + 32 && bytes.subarray(0, head.length).equals(head)
    ? bytes.subarray(head.length)
    : undefined;
}

/** The CID that ml-git gives these bytes. */
export function cidOf(bytes: Uint8Array): string {
  let value = BigInt(`0x${Buffer.concat([head, createHash("sha256").update(bytes).digest()]).toString("hex")}`);
  let text = "";
  for (; value > 0n; value /= 58n) text = (alphabet[Number(value % 58n)] ?? "") + text;
  return `z${text}`;
}

/** Are these the bytes that the CID names? */
export function isCidOf(cid: string, bytes: Uint8Array): boolean {
  return digestOfCid(cid)?.equals(createHash("sha256").update(bytes).digest()) === true;
}
