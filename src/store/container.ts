import type { FileSystem } from "./file-system.ts";

/** Whether this runs in a container: Docker and Podman leave a mark. */
export function isInContainer(fs: FileSystem): boolean {
  return ["/.dockerenv", "/run/.containerenv"].some(
    (path) => fs.statSync(path, { throwIfNoEntry: false }) !== undefined,
  );
}
