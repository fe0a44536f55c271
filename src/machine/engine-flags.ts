/** Flags of V8 itself are given to versions that are known to have them, to Node 24 at least: of others V8 complains on standard error. */
export function takesEngineFlags(): boolean {
  return Number.parseInt(process.versions.v8, 10) <= 13;
}

export function setEngineFlag(flag: string): void {
  process.getBuiltinModule("node:v8").setFlagsFromString(flag);
}
