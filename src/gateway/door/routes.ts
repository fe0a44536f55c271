import type { Operation } from "../admin/operation.ts";
import { loadChecks } from "./checks.ts";

type PlainRoute =
  | "responses"
  | "compact"
  | "models"
  | "chat"
  | "usage"
  | "codex-usage"
  | "transcriptions"
  | "live"
  | "ready";

/** What only who manages the gateway may ask. */
export type AdminRoute =
  | { readonly kind: "admin"; readonly operation: Operation; readonly id: string }
  /** Who is signed in on the page. */
  | { readonly kind: "session" }
  | { readonly kind: "metrics" };

/** What a request of the gateway is about. */
export type GatewayRoute =
  | { readonly kind: PlainRoute }
  /** For the owner of its files, who has a key of his own. */
  | { readonly kind: "decisions" }
  | AdminRoute
  | { readonly kind: "model"; readonly id: string }
  /** OpenAI has it, this gateway has not. */
  | { readonly kind: "not-served"; readonly what: string };

interface Rule {
  readonly path: RegExp;
  readonly methods: readonly string[];
  readonly route: (match: RegExpExecArray) => GatewayRoute;
}

const plain = (kind: PlainRoute) => () => ({ kind });

const v1 = String.raw`\/(?:v1|backend-api\/codex)`;
const id = "([A-Za-z0-9_.:-]{1,128})";

/** The whole surface. The first rule that fits counts; a wrong method is as unknown as a wrong path. */
const rules: readonly Rule[] = [
  rule(`${v1}/responses`, ["POST"], plain("responses")),
  rule(`${v1}/responses/compact`, ["POST"], plain("compact")),
  rule(`${v1}/models`, ["GET"], plain("models")),
  rule(`${v1}/models/${id}`, ["GET"], ([, model = ""]) => ({ kind: "model", id: model })),
  rule("/v1/chat/completions", ["POST"], plain("chat")),
  rule("/v1/usage", ["GET"], plain("usage")),
  rule("(?:/api/codex|/backend-api/wham|/v1/api/codex)/usage", ["GET"], plain("codex-usage")),
  rule("/v1/audio/transcriptions", ["POST"], plain("transcriptions")),
  rule("/api/session", ["GET", "POST", "DELETE"], () => ({ kind: "session" })),
  rule("/metrics", ["GET"], () => ({ kind: "metrics" })),
  rule("/decisions", ["GET"], () => ({ kind: "decisions" })),
  rule("/health/live", ["GET", "HEAD"], plain("live")),
  rule("/health/ready", ["GET", "HEAD"], plain("ready")),
];

/** Parts of OpenAI's API that clients ask for and nobody here answers. */
const notServed: readonly (readonly [path: RegExp, what: string])[] = [
  [/^\/v1\/embeddings$/, "embeddings"],
  [/^\/v1\/(?:images|videos)(?:\/|$)/, "images"],
  [/^\/v1\/audio(?:\/|$)/, "audio"],
  [/^\/v1\/(?:files|uploads|batches|vector_stores|containers)(?:\/|$)/, "files"],
  [
    /^\/v1\/(?:realtime|assistants|threads|fine_tuning|moderations|evals|conversations|organization|chatkit|skills)(?:\/|$)/,
    "this part of OpenAI's API",
  ],
  [/^\/v1\/completions$/, "the old completions API"],
  [/^\/v1\/responses\/[^/]+(?:\/(?:cancel|input_items))?$/, "stored responses"],
  [/^\/v1\/chat\/completions\/[^/]+(?:\/messages)?$/, "stored chats"],
];

/** Null: nothing of ours and nothing of OpenAI's, but for management, which `readManagement` knows. */
export function readGatewayRoute(method: string, url: string): GatewayRoute | null {
  const path = pathOf(url);
  for (const { path: pattern, methods, route } of rules) {
    const match = pattern.exec(path);
    if (match && methods.includes(method)) return route(match);
  }
  const known = notServed.find(([pattern]) => pattern.test(path));
  return known ? { kind: "not-served", what: known[1] } : null;
}

/** Loads what checks management when somebody asks for it: most gateways are managed by commands. */
export async function readManagement(method: string, url: string): Promise<AdminRoute | null> {
  if (!url.startsWith("/api/")) return null;
  await loadChecks();
  const { readOperation } = await import("../admin/operations.ts");
  const managed = readOperation(method, pathOf(url));
  return managed && { kind: "admin", ...managed };
}

function pathOf(url: string): string {
  const mark = url.indexOf("?");
  const whole = mark < 0 ? url : url.slice(0, mark);
  return whole.length > 1 && whole.endsWith("/") ? whole.slice(0, -1) : whole;
}

function rule(path: string, methods: readonly string[], route: Rule["route"]): Rule {
  return { path: new RegExp(`^${path}$`), methods, route };
}
