import { errorCode } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";
import { readRegular } from "./guarded-file.ts";

const limitBytes = 4_000_000;
const pem = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/;

const problems: Record<string, string> = {
  EISDIR: "is a folder",
  ENXIO: "is no file of certificates",
  EFBIG: "is no file of certificates",
  ENOENT: "does not exist",
  ENOTDIR: "does not exist",
};

/** Why a file cannot serve as a list of certificates, as half a sentence; null when it can. */
export function certificateProblem(fs: FileSystem, path: string): string | null {
  try {
    return pem.test(readRegular(fs, path, { limitBytes }).toString()) ? null : "holds no PEM certificate";
  } catch (error) {
    const code = errorCode(error);
    return problems[code] ?? `cannot be read (${code})`;
  }
}

/** Null for a file that cannot serve. */
export function readCertificates(fs: FileSystem, path: string | null): string | null {
  if (!path || certificateProblem(fs, path) !== null) return null;
  return readRegular(fs, path, { limitBytes }).toString();
}
