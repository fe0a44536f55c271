import { mountOf } from "../../store/disk-facts.ts";
import { windowsMount } from "../../store/home-place.ts";
import type { Check } from "../check.ts";

/** File systems of other machines or other systems, on which a lock may not keep the other side out. */
const kinds: Record<string, string> = {
  nfs: "NFS",
  nfs4: "NFS",
  cifs: "a Windows share",
  smb3: "a Windows share",
  smbfs: "a Windows share",
  "9p": "9p, as WSL mounts Windows disks",
  drvfs: "drvfs, as WSL mounts Windows disks",
  vboxsf: "a VirtualBox share",
  prl_fs: "a Parallels share",
  afs: "AFS",
};

export const locksUnreliable: Check = {
  id: "locks_unreliable",
  area: "store",
  severity: "warning",
  title: "the file system may have no working locks",
  look: ({ fx, paths }) => {
    if (fx.platform !== "linux") return { skipped: `${fx.platform} does not tell` };
    const folders = [...new Set([paths.codexHome, paths.storeDir])];
    const onWindows = windowsMount(fx.fs, paths.codexHome) !== null;
    const found = folders.flatMap((folder) => {
      const place = mountOf(fx.fs, folder);
      const name = place && nameOf(place.kind);
      if (!place || !name || (onWindows && isInside(folder, paths.codexHome))) return [];
      return [{ folder, name, kind: place.kind, mountPoint: place.mountPoint }];
    });
    const [first] = found;
    if (!first) return [];
    const message = `${first.folder} is on ${first.name}, where locks may not work: two programs could renew one token.`;
    const evidence = found.map(
      ({ folder, kind, mountPoint }) => `${folder}: ${kind}, mounted at ${mountPoint}`,
    );
    const variable = first.folder === paths.codexHome ? "CODEX_HOME" : "CODEX_AUTH_DIR";
    return [{ message, evidence, fix: `export ${variable}=<a folder on a disk of this machine>` }];
  },
};

function nameOf(kind: string): string | null {
  if (kind.startsWith("fuse.")) return kind;
  return Object.hasOwn(kinds, kind) ? (kinds[kind] ?? null) : null;
}

/** A CODEX_HOME on a Windows disk in WSL has more wrong with it than its locks, and a check of its own. */
function isInside(folder: string, codexHome: string): boolean {
  return folder === codexHome || folder.startsWith(`${codexHome}/`);
}
