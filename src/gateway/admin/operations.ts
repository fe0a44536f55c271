import { z } from "zod";
import { findKey } from "../keys/client-keys.ts";
import { accountSchema, poolAccounts } from "./accounts.ts";
import { auditSchema, listAudit } from "./audit.ts";
import { keyOperations } from "./keys.ts";
import { listOf, operation, type Operation, pageDocument, pageOf } from "./operation.ts";
import { mostRows } from "./paging.ts";
import { groups, listRequests, outcomes, requestSchema, spans, spanSchema, usageSpans } from "./requests.ts";

const rowLimit = z.coerce
  .number()
  .pipe(z.int().min(1).max(mostRows))
  .default(mostRows)
  .describe(`rows, at most ${mostRows}`);
const before = z.string().optional().describe("id of a row: only what came before it");
const time = z.iso.datetime({ offset: true }).optional();

/** Days and hours that are shown where nobody says since when. */
const usualMs = { hour: 48 * 3_600_000, day: 30 * 86_400_000 };
const longestMs = { hour: 31 * 86_400_000, day: 400 * 86_400_000 };

/** The whole management API beside the session, which is about the page. */
export const operations: readonly Operation[] = [
  ...Object.values(keyOperations),
  operation({
    method: "GET",
    path: "/api/accounts",
    does: "The accounts of the pool: states and quotas, never a token.",
    answer: listOf(accountSchema(z)),
    run: async ({ parts }) => ({ object: "list", data: poolAccounts(parts.rotation, parts.now()) }),
  }),
  operation({
    method: "GET",
    path: "/api/requests",
    does: "The request log, newest first: who, what, how long, what it took. Never a prompt.",
    query: z.strictObject({
      key: z.string().optional().describe("id or name of a key"),
      account: z.string().optional().describe("id of an account"),
      model: z.string().optional(),
      outcome: z.enum(outcomes).optional(),
      before,
      limit: rowLimit,
    }),
    answer: pageOf(requestSchema(z)),
    run: async ({ parts: { database } }, { query }) => {
      const key = query.key === undefined ? undefined : (await findKey(database, query.key)).id;
      return pageDocument(await listRequests(database, { ...query, key }), query.limit);
    },
  }),
  operation({
    method: "GET",
    path: "/api/usage",
    does: "Requests, tokens and cost by hour or day.",
    query: z
      .strictObject({
        span: z.enum(spans).default("day"),
        group: z.enum(groups).default("key"),
        from: time,
        to: time,
      })
      .refine(({ span, from, to }) => rangeMs(span, from, to) <= longestMs[span], {
        path: ["from"],
        message: "Hours can be asked for 31 days at most, days for 400.",
      }),
    answer: listOf(spanSchema(z)),
    run: async ({ parts }, { query: { span, group, from, to } }) => {
      const toMs = to === undefined ? parts.database.now() + 1 : Date.parse(to);
      const fromMs = from === undefined ? toMs - usualMs[span] : Date.parse(from);
      const data = await usageSpans(parts.database, { span, group, fromMs, toMs });
      return { object: "list", data };
    },
  }),
  operation({
    method: "GET",
    path: "/api/audit",
    does: "Who changed what, newest first.",
    query: z.strictObject({ before, limit: rowLimit }),
    answer: pageOf(auditSchema(z)),
    run: async ({ parts }, { query }) => pageDocument(await listAudit(parts.database, query), query.limit),
  }),
];

/** The operation that a method and a path name, with the id that stands in the path. */
export function readOperation(method: string, path: string) {
  for (const operation of operations) {
    if (operation.method !== method) continue;
    const [head = "", tail] = operation.path.split("{id}");
    if (tail === undefined) {
      if (path === head) return { operation, id: "" };
      continue;
    }
    const written = path.slice(head.length, path.length - tail.length);
    const id = decoded(written);
    const isIt = path === `${head}${written}${tail}` && /^[\w.:@ -]{1,128}$/.test(id);
    if (isIt) return { operation, id };
  }
  return null;
}

/** A name may hold a blank. Empty for what nobody can read. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

function rangeMs(span: "hour" | "day", from: string | undefined, to: string | undefined): number {
  if (from === undefined) return usualMs[span];
  return (to === undefined ? Date.now() : Date.parse(to)) - Date.parse(from);
}
