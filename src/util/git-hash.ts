import { hash } from "node:crypto";

/** Up to here hashing takes less time than Node takes to load OpenSSL, about eight milliseconds. */
const ownLimit = 32_768;

/** git's hash of some bytes: SHA-1 or SHA-256. */
export function gitHash(format: "sha1" | "sha256", bytes: Uint8Array): Buffer {
  if (format === "sha1" && bytes.length <= ownLimit) return sha1(bytes);
  return hash(format, bytes, "buffer");
}

/** FIPS 180-4, section 6.1. */
function sha1(bytes: Uint8Array): Buffer {
  const padded = Buffer.alloc((bytes.length + 72) & ~63);
  const view = new DataView(padded.buffer, padded.byteOffset);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  // No more than `ownLimit` bytes: the upper half of the length is zero.
  view.setInt32(padded.length - 4, bytes.length * 8);
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);
  for (let at = 0; at < padded.length; at += 64) {
    for (let i = 0; i < 16; i++) words[i] = view.getInt32(at + 4 * i);
    addBlock(state);
  }
  const digest = Buffer.alloc(20);
  const result = new DataView(digest.buffer, digest.byteOffset);
  for (let i = 0; i < 5; i++) result.setInt32(4 * i, state[i] as number);
  return digest;
}

/** Of the block in hand; nothing waits while one is. */
const words = new Int32Array(80);
const quarters = [0, 20, 40, 60].map((first) => words.subarray(first, first + 20)) as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
];
const v = new Int32Array(5);

/**
 * `words` has the block's sixteen words in front. Each kind of round is a function of its own, and written out: what is hashed here is too short for V8 to
 * inline anything, and long enough for it to begin optimizing one function of all rounds, which takes longer than the hashing and is waited for at exit.
 */
function addBlock(state: Int32Array): void {
  extend();
  v.set(state);
  choose(quarters[0], 0x5a827999);
  parity(quarters[1], 0x6ed9eba1);
  majority(quarters[2], 0x8f1bbcdc);
  parity(quarters[3], 0xca62c1d6);
  for (let i = 0; i < 5; i++) state[i] = (state[i] as number) + (v[i] as number);
}

function extend(): void {
  for (let t = 16; t < 80; t++) {
    const word =
      (words[t - 3] as number) ^ (words[t - 8] as number) ^ (words[t - 14] as number) ^ (words[t - 16] as number);
    words[t] = (word << 1) | (word >>> 31);
  }
}

function choose(quarter: Int32Array, constant: number): void {
  let a = v[0] as number;
  let b = v[1] as number;
  let c = v[2] as number;
  let d = v[3] as number;
  let e = v[4] as number;
  for (let t = 0; t < 20; t++) {
    const next = (((a << 5) | (a >>> 27)) + ((b & c) | (~b & d)) + constant + e + (quarter[t] as number)) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  v[0] = a;
  v[1] = b;
  v[2] = c;
  v[3] = d;
  v[4] = e;
}

function parity(quarter: Int32Array, constant: number): void {
  let a = v[0] as number;
  let b = v[1] as number;
  let c = v[2] as number;
  let d = v[3] as number;
  let e = v[4] as number;
  for (let t = 0; t < 20; t++) {
    const next = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + constant + e + (quarter[t] as number)) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  v[0] = a;
  v[1] = b;
  v[2] = c;
  v[3] = d;
  v[4] = e;
}

function majority(quarter: Int32Array, constant: number): void {
  let a = v[0] as number;
  let b = v[1] as number;
  let c = v[2] as number;
  let d = v[3] as number;
  let e = v[4] as number;
  for (let t = 0; t < 20; t++) {
    const next = (((a << 5) | (a >>> 27)) + ((b & c) | (b & d) | (c & d)) + constant + e + (quarter[t] as number)) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  v[0] = a;
  v[1] = b;
  v[2] = c;
  v[3] = d;
  v[4] = e;
}
