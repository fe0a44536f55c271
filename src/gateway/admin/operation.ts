import { z } from "zod";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { firstFault } from "../../errors/envelope.ts";
import type { Refusal } from "../door/refusal.ts";
import type { GatewayParts } from "../parts.ts";
import type { Actor } from "./audit.ts";
import { UnknownRow } from "./paging.ts";

/** What an operation gets once its words are understood and whoever asks may ask. */
export interface AdminContext {
  readonly parts: GatewayParts;
  readonly actor: Actor;
}

/** The words of a request: nothing in it is trusted yet. */
export interface Asked {
  /** From the path; empty where the path names nothing. */
  readonly id: string;
  readonly query: Readonly<Record<string, string>>;
  /** Null for a request without a body. */
  readonly body: Readonly<Record<string, unknown>> | null;
}

/** One method of one path of the management API; the OpenAPI document and the answers come from the same words. */
export interface Operation {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** As OpenAPI writes it. */
  readonly path: string;
  readonly does: string;
  readonly status: 200 | 201 | 204;
  readonly query: z.ZodObject | null;
  readonly body: z.ZodObject | null;
  readonly answer: z.ZodType | null;
  /** Understands the words, before anybody asks whose they are; throws for words that cannot be. */
  readonly prepare: (asked: Asked) => (context: AdminContext) => Promise<object | null>;
}

interface Definition<Query extends z.ZodObject, Body extends z.ZodObject> {
  readonly method: Operation["method"];
  readonly path: string;
  readonly does: string;
  readonly status?: Operation["status"];
  readonly query?: Query;
  readonly body?: Body;
  readonly answer: z.ZodType | null;
  readonly run: (
    context: AdminContext,
    words: { readonly id: string; readonly query: z.output<Query>; readonly body: z.output<Body> },
  ) => Promise<object | null>;
}

const none = z.object({});

export function operation<Query extends z.ZodObject = typeof none, Body extends z.ZodObject = typeof none>(
  definition: Definition<Query, Body>,
): Operation {
  const { method, path, does, answer, status = 200, query = none as unknown as Query, run } = definition;
  const body = definition.body ?? (none as unknown as Body);
  return {
    method,
    path,
    does,
    status,
    answer,
    query: definition.query ?? null,
    body: definition.body ?? null,
    prepare: (asked) => {
      const words = { id: asked.id, query: query.parse(asked.query), body: body.parse(asked.body ?? {}) };
      return (context) => run(context, words);
    },
  };
}

/** What is wrong with the words; null for what is no fault of the request. */
export function refusalOf(error: unknown, { query, body }: Asked): Refusal | null {
  if (error instanceof z.ZodError) {
    const { kind, issue } = firstFault({ ...query, ...body }, error.issues);
    return { kind: kind === "bad" ? "bad-request" : "invalid", issue };
  }
  if (error instanceof UnknownRow) {
    const message = "There is no such row, or it is not kept any more.";
    return { kind: "invalid", issue: { path: ["before"], message } };
  }
  if (!(error instanceof CodexAuthError)) return null;
  const param = { key_name_taken: ["name"], limit_invalid: ["limits"], key_revoked: [] }[
    error.code as string
  ];
  if (param) return { kind: "invalid", issue: { path: param, message: error.message } };
  if (error.code === "key_not_found") return { kind: "not-found", message: error.message };
  return error.code === "database_unavailable" ? { kind: "database-away" } : null;
}

export function listOf(each: z.ZodType) {
  return z.object({ object: z.literal("list"), data: z.array(each) });
}

/** A list that goes on: `before=<nextBefore>` asks for what comes after it. */
export function pageOf(each: z.ZodType) {
  return listOf(each).extend({ nextBefore: z.string().nullable().describe("null: nothing is left") });
}

export function pageDocument(data: readonly { readonly id: string }[], limit: number): object {
  const nextBefore = data.length < limit ? null : (data.at(-1)?.id ?? null);
  return { object: "list", data, nextBefore };
}
