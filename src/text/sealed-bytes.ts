const nonceBytes = 12;
const tagBytes = 16;

/**
 * AES-256-GCM: a random nonce, the data, the tag. `context` is what the bytes belong to; they open with nothing else.
 * A key of 32 bytes serves one use: another use gets one of its own from `derivedKey`.
 */
export function sealBytes(plain: Uint8Array, key: Uint8Array, context: string): Buffer {
  const { createCipheriv, randomBytes } = crypto();
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(Buffer.from(context));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Null when the key or the context is another one, or a byte was changed: nobody can tell which. */
export function openBytes(sealed: Uint8Array, key: Uint8Array, context: string): Buffer | null {
  if (sealed.length < nonceBytes + tagBytes) return null;
  const decipher = crypto().createDecipheriv("aes-256-gcm", key, sealed.subarray(0, nonceBytes));
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]);
  } catch {
    return null;
  }
}

/** A key of its own for each use of a secret, which may have any length as long as it cannot be guessed. */
export function derivedKey(secret: Uint8Array, use: string): Uint8Array {
  return new Uint8Array(crypto().hkdfSync("sha256", secret, "codex-auth", use, 32));
}

/** node:crypto is slow to load, so it is when something is really sealed. */
function crypto() {
  return process.getBuiltinModule("node:crypto");
}
