import { createHash } from "node:crypto";
import { expect, it } from "@jest/globals";
import { OidFilter } from "../../../src/store/local/oid-filter.ts";

function oid(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function packOf(name: string, count: number) {
  const bytes = Buffer.from(Array.from({ length: count }, (_, i) => oid(`${name} ${i}`)).join(""), "hex");
  return {
    count,
    eachKey(visit: (bytes: Uint8Array, at: number) => void) {
      for (let at = 0; at < bytes.length; at += 32) visit(bytes, at);
    },
  };
}

it("knows every oid of every pack, and of others it lets hardly one in fifty through, however many there are", () => {
  const filter = new OidFilter();
  const packs = new Map<string, ReturnType<typeof packOf>>();
  for (let n = 0; n < 20; n++) {
    packs.set(`pack ${n}`, packOf(`pack ${n}`, 1000));
    filter.learn(packs);
    for (let i = 0; i < 1000; i++) expect(filter.mayHave(oid(`pack ${n} ${i}`))).toBe(true);
    const others = Array.from({ length: 4000 }, (_, i) => filter.mayHave(oid(`other ${n} ${i}`)));
    expect(others.filter(Boolean).length).toBeLessThan(4000 / 50);
  }
  for (const name of packs.keys()) expect(filter.mayHave(oid(`${name} 0`))).toBe(true);
});

it("asks a pack that could not be read for its oids again, and the others too", () => {
  for (const count of [10, 5000]) {
    const filter = new OidFilter();
    const broken = packOf("broken", count);
    const { eachKey } = broken;
    broken.eachKey = () => {
      throw new Error("EIO");
    };
    const packs = new Map([broken, packOf("other", count)].map((pack, i) => [`${i}`, pack]));
    expect(() => filter.learn(packs)).toThrow("EIO");
    broken.eachKey = eachKey;
    filter.learn(packs);
    for (const name of ["broken", "other"])
      for (let i = 0; i < count; i++) expect(filter.mayHave(oid(`${name} ${i}`))).toBe(true);
  }
});
