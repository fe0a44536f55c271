import type { BuildResult } from "esbuild";

export function bundle(
  entry: string,
  outfile: string,
  constants: Record<string, unknown>,
): Promise<BuildResult<{ metafile: true }>>;
