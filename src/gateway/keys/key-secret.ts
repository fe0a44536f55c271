import { randomHex, sha256 } from "../../machine/hash.ts";

/** Secret scanners and people know a key of ours by it. */
const secretPrefix = "sk-ca-";

const checksumLength = 6;
const shape = /^sk-ca-[A-Za-z0-9_-]{43}[0-9a-f]{6}$/;

/** A new key: 256 unpredictable bits, and a checksum that tells a typing error from a key that was revoked. */
export function newSecret(): string {
  const body = Buffer.from(randomHex(32), "hex").toString("base64url");
  return `${secretPrefix}${body}${checksum(body)}`;
}

/** False for text that cannot be a key of ours, so that nobody needs to look for it. */
export function isSecret(text: string): boolean {
  if (!shape.test(text)) return false;
  const body = text.slice(secretPrefix.length, -checksumLength);
  return text.endsWith(checksum(body));
}

/** What is stored instead of the key. A slow hash would add nothing: nobody can guess 256 bits. */
export function hashOfSecret(secret: string): string {
  return sha256(secret);
}

/** Enough of a key to know it again in a list, and too little to use it. */
export function shownPart(secret: string): string {
  return secret.slice(0, secretPrefix.length + 4);
}

function checksum(body: string): string {
  return sha256(body).slice(0, checksumLength);
}
