import { expect, test } from "vitest";
import { damageHash } from "../../../src/store/files/code-cache.ts";

/** The same in numbers that anybody can read. */
function byHand(bytes: Buffer): bigint {
  const padded = Buffer.concat([bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
  let hash = BigInt.asUintN(64, BigInt(bytes.length) * 0x9e3779b97f4a7c15n);
  for (let at = 0; at < padded.length; at += 8) {
    hash = BigInt.asUintN(64, (hash ^ padded.readBigUInt64LE(at)) * 0x100000001b3n);
    hash ^= hash >> 29n;
  }
  return hash;
}

const text = Buffer.from("Compiled code, as far as this hash is concerned. ".repeat(50));

test.each([1, 7, 8, 9, 64, 1000, 65_535, 65_536, 65_537, 300_000])(
  "of %i bytes it is what it says",
  (size) => {
    const bytes = Buffer.alloc(size, text);
    expect(damageHash(bytes)).toBe(byHand(bytes));
  },
);

test("it tells every wrong bit, every cut and every byte too many", () => {
  const hashes = new Set([damageHash(text)]);
  for (let bit = 0; bit < 2000; bit += 1) {
    const bytes = Buffer.from(text);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    hashes.add(damageHash(bytes));
  }
  for (let size = 1; size < 200; size += 1) hashes.add(damageHash(text.subarray(0, size)));
  hashes.add(damageHash(Buffer.concat([text, Buffer.alloc(1)])));
  expect(hashes.size).toBe(1 + 2000 + 199 + 1);
});
