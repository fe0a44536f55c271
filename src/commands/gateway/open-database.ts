import type { Context } from "../../cli/context.ts";
import type { Database } from "../../database/database.ts";

/** Where the keys are: `--database`, else CODEX_AUTH_DATABASE, else that of the gateway that runs, else the file of this pool. */
export function databaseAddress({ env, store }: Pick<Context, "env" | "store">, wanted?: string): string {
  const named = wanted ?? env["CODEX_AUTH_DATABASE"];
  if (named !== undefined && named !== "") return named;
  const running = store.gateway.read();
  const isAlive = running !== null && running.liveness !== "dead";
  return (isAlive ? running.entry.database : undefined) ?? store.gatewayFiles.database;
}

/** Opens it for one command. */
export async function withDatabase<T>(
  ctx: Pick<Context, "env" | "store" | "databaseDrivers" | "now">,
  wanted: string | undefined,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const database = await openGatewayDatabase(ctx, databaseAddress(ctx, wanted));
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

export async function openGatewayDatabase(
  { store, databaseDrivers: drivers, now }: Pick<Context, "store" | "databaseDrivers" | "now">,
  address: string,
): Promise<Database> {
  const { openDatabase } = await import("../../database/open-database.ts");
  return await openDatabase({ address, drivers, now, makeFile: store.gatewayFiles.makeDatabase });
}
