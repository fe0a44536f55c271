import { errorCode } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";

const sizeLimit = 4_000_000;
const pem = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/;

/** Why a file cannot serve as a list of certificates, as half a sentence; null when it can. */
export function certificateProblem(fs: FileSystem, path: string): string | null {
  try {
    const stat = fs.statSync(path);
    if (stat.isDirectory()) return "is a folder";
    if (!stat.isFile() || stat.size > sizeLimit) return "is no file of certificates";
    return pem.test(fs.readFileSync(path, "utf8")) ? null : "holds no PEM certificate";
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return "does not exist";
    return `cannot be read (${code})`;
  }
}

/** Null for a file that cannot serve. */
export function readCertificates(fs: FileSystem, path: string | null): string | null {
  return path && certificateProblem(fs, path) === null ? fs.readFileSync(path, "utf8") : null;
}
