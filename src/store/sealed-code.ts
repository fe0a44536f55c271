import { damageHash } from "./damage-hash.ts";

const headerSize = 8;

/** Compiled code behind its hash. */
export function sealCode(data: Uint8Array): Buffer {
  const header = Buffer.alloc(headerSize);
  header.writeBigUInt64LE(damageHash(data));
  return Buffer.concat([header, data]);
}

/** Null when a byte is not as it was sealed. */
export function unsealCode(sealed: Buffer): Buffer | null {
  if (sealed.length <= headerSize) return null;
  const data = sealed.subarray(headerSize);
  return sealed.readBigUInt64LE() === damageHash(data) ? data : null;
}
