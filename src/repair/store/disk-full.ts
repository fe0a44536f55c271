import { existingFolder, freeBytes } from "../../store/disk-facts.ts";
import type { Check } from "../check.ts";
import { shellWord } from "../shell-word.ts";

const [lowBytes, fullBytes] = [64_000_000, 16_000_000];

/** Below 16 MB nothing is renewed any more; see store/requirements.ts. */
export const diskFull: Check = {
  id: "disk_full",
  area: "store",
  severity: "error",
  title: "the disk of the pool is full, or nearly",
  look: ({ fx: { fs }, paths: { storeDir, codexHome }, problem }) => {
    if (problem?.code === "codex_home_missing") return { skipped: "there is no CODEX_HOME" };
    const folders = [...new Set([storeDir, codexHome].map((folder) => existingFolder(fs, folder)))];
    const free = folders.map((folder) => ({ folder, bytes: freeBytes(fs, folder) ?? Infinity }));
    const least = free.reduce((a, b) => (b.bytes < a.bytes ? b : a));
    if (least.bytes >= lowBytes) return [];
    const isFull = least.bytes < fullBytes;
    const end = isFull ? "no token is renewed until there is room" : "below 16 MB no token is renewed";
    return [
      {
        message: `Only ${Math.floor(least.bytes / 1e6)} MB are free in ${least.folder}: ${end}.`,
        fix: `df -h ${shellWord(least.folder)}`,
        severity: isFull ? "error" : "warning",
      },
    ];
  },
};
