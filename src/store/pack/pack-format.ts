/** Most bytes and entries of one pack. Format: docs/format/pack.md. */
export const packLimit = { bytes: 67_108_864, entries: 8192 } as const;

export const magic = Buffer.from("MLGPACK\x01", "latin1");
export const endMagic = Buffer.from("MLGPEND\x01", "latin1");
export const rowLength = 40;
export const footerLength = 32;
export const nonceLength = 16;
/** Offsets in the footer. */
export const footerAt = { count: 0, crc: 4, nonce: 8, magic: 24 } as const;
/** Offsets in a row; the id comes first. */
export const rowAt = { stored: 32, plain: 36 } as const;

/** The second word of a row: 24 bits of length, 7 of codec, 1 for a piece of a manifest. */
export const plainLimit = 0xff_ffff;
export const codecLimit = 0x7f;
export const codecShift = 24;
export const manifestBit = 0x8000_0000;
