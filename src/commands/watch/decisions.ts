import type { Context, Output } from "../../context.ts";
import type { Zod } from "../../program/command.ts";
import { field, jsonOrNull, readList, readText } from "../../text/json.ts";

const servers = ["rotation", "gateway"] as const;

export const decisionSchema = (z: Zod) =>
  z.object({
    at: z.iso.datetime(),
    server: z.enum(servers).describe("who decided it"),
    kind: z.string(),
    name: z.string().nullable().describe("of the account; null: none"),
    client: z.string().nullable().describe("of the gateway: name of the key whose request it was"),
    reason: z.string(),
    outcome: z.string().nullable().describe("null while it runs"),
  });

export interface Decision {
  at: string;
  server: (typeof servers)[number];
  kind: string;
  name: string | null;
  client: string | null;
  reason: string;
  outcome: string | null;
}

/** What the rotation proxy and the gateway of this store decided last, as their `status` tells it; newest first. */
export async function lastDecisions(ctx: Context, nameOf: (id: string) => string): Promise<Decision[]> {
  const told = await Promise.all(servers.map((server) => decisionsOf(ctx, server, nameOf)));
  return told.flat().sort((a, b) => b.at.localeCompare(a.at));
}

async function decisionsOf(
  ctx: Context,
  server: Decision["server"],
  nameOf: (id: string) => string,
): Promise<Decision[]> {
  if (ctx.store[server].read()?.liveness !== "alive") return [];
  const { env, cwd, stdout, runCaptured } = ctx;
  const plain: Output = { ...stdout, isTerminal: false, colorLevel: 0 };
  const { output } = await runCaptured({ env, cwd }, [server, "status", "--json"], plain);
  const document = jsonOrNull(output);
  const decisions = field(server === "rotation" ? field(document, "proxy") : document, "decisions");
  return readList(decisions).map((each) => {
    const text = (name: string) => readText(field(each, name));
    const id = text("accountId");
    const ours = id === null ? null : nameOf(id);
    return {
      at: text("at") ?? new Date(0).toISOString(),
      server,
      kind: text("kind") ?? "",
      // Accounts that gateways share are not in the pool of this machine.
      name: ours === id ? (text("accountName") ?? id) : ours,
      client: text("client"),
      reason: text("reason") ?? "",
      outcome: text("outcome"),
    };
  });
}
