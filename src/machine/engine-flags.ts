/** Flags of V8 itself are given to versions that are known to have them, to Node 24 at least: of others V8 complains on standard error. */
export function takesEngineFlags(): boolean {
  return Number.parseInt(process.versions.v8, 10) <= 13;
}

export function setEngineFlag(flag: string): void {
  v8().setFlagsFromString(flag);
}

/**
 * Keeps V8's space for young objects as it is until it may grow to about so many bytes. It shrinks while nothing happens,
 * so it is looked at whenever it was cleaned.
 */
export function holdYoungSpace(): {
  readonly growTo: (mostBytes: number) => void;
  readonly release: () => void;
} {
  if (!takesEngineFlags()) return { growTo: () => undefined, release: () => undefined };
  let mayGrow = true;
  const setGrowth = (grow: boolean): void => {
    if (grow === mayGrow) return;
    mayGrow = grow;
    setEngineFlag(`--semi-space-growth-factor=${grow ? 2 : 1}`);
  };
  let mostBytes = 0;
  const cleaned = new PerformanceObserver(() => setGrowth(youngSpaceBytes() < mostBytes));
  setGrowth(false);
  return {
    growTo: (bytes) => {
      mostBytes = bytes;
      cleaned.observe({ entryTypes: ["gc"] });
    },
    release: () => {
      cleaned.disconnect();
      setGrowth(true);
    },
  };
}

function youngSpaceBytes(): number {
  const space = v8()
    .getHeapSpaceStatistics()
    .find(({ space_name: name }) => name === "new_space");
  return space?.space_size ?? 0;
}

function v8() {
  return process.getBuiltinModule("node:v8");
}
