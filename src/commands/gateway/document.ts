import type * as zod from "zod";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { keyUsageSchema } from "../../gateway/answers/usage-answer.ts";
import { type KeyDocument, keySchema } from "../../gateway/keys/key-document.ts";
import type { OfferedBehind, Zod } from "../../program/command.ts";
import type { RotationEntry } from "../../store/files/rotation.ts";
import { table } from "../../ui/table.ts";
import type { Ui } from "../../ui/ui.ts";
import { decisionSchema, gatewayUrl } from "./running.ts";

export const actions = [
  "start",
  "status",
  "stop",
  "key",
  "usage",
  "client",
  "open",
  "demo",
  "adopt",
  "release",
  "accounts",
  "database",
] as const;
export type Action = (typeof actions)[number];

/** What TAB offers behind an action, but for the actions of keys. */
export const offeredWords: OfferedBehind = {
  "key show": "key",
  "key edit": "key",
  "key revoke": "key",
  "key rotate": "key",
  "key reset": "key",
  usage: "key",
  client: ["codex", "opencode", "env"],
  database: ["check", "migrate", "claim"],
  adopt: "account",
};

/** What every action of the gateway command prints with `--json`. */
export const gatewayDocument = (z: Zod) =>
  z.object({
    action: z.enum(actions),
    running: z.boolean().describe("when the command ended"),
    url: z.string().nullable().describe("for clients; null when no gateway runs"),
    gateway: z
      .object({ port: z.int(), pid: z.int(), startedAt: z.iso.datetime(), logFile: z.string().nullable() })
      .nullable(),
    key: keySchema(z).nullable(),
    keys: z.array(keySchema(z)),
    boundTo: z
      .array(z.string())
      .describe("for key: what its accounts are called, in its order; empty: all serve it"),
    usage: z
      .object({
        days: z.array(
          z.object({
            day: z.string(),
            keyId: z.string(),
            keyName: z.string().nullable().describe("null when there is no such key any more"),
            requests: z.int(),
            inputTokens: z.int(),
            outputTokens: z.int(),
            costUsd: z.number().describe("what it would cost on OpenAI's API"),
          }),
        ),
        key: keyUsageSchema(z).nullable().describe("for one key: what GET /v1/usage tells it"),
      })
      .nullable(),
    link: z.string().nullable().describe("for open: opens the page once, within a minute; a secret"),
    steps: z
      .array(
        z.object({
          does: z.string(),
          line: z.string(),
          exitCode: z.int().nullable().describe("of a command"),
          status: z.int().nullable().describe("of a request"),
          output: z.string(),
        }),
      )
      .describe("for demo: what was typed and what came back"),
    lines: z.array(z.string()).describe("for client: what to write where; never a key"),
    accounts: z
      .array(
        z.object({
          id: z.string(),
          name: z.string(),
          place: z
            .enum(["pool", "database", "moving"])
            .describe("pool: of this machine; moving: in use nowhere until the move is ended"),
          detail: z.string().nullable(),
        }),
      )
      .describe("for adopt, release and accounts: where each login is"),
    decisions: z.array(decisionSchema(z)).describe("for status: the last ten, newest first"),
    problems: z.array(z.string()).describe("for database check"),
    message: z.string(),
  });

export type Report = zod.infer<ReturnType<typeof gatewayDocument>>;

export function keyLines(each: KeyDocument, boundTo: readonly string[]): string[] {
  const { name, id, role, models, limits, parallel, expiresAt, revokedAt } = each;
  const may =
    role === "admin"
      ? ["  manages the gateway and cannot ask models"]
      : [
          `  models: ${models === null ? "all" : models.join(", ")}`,
          ...(boundTo.length === 0 ? [] : [`  accounts: ${boundTo.join(", ")}`]),
          `  limits: ${limits.length === 0 ? "none" : limits.join(", ")}`,
        ];
  return [
    `${name} (${id}), ${role}`,
    ...may,
    ...(parallel === null ? [] : [`  at the same time: ${parallel}`]),
    ...(expiresAt === null ? [] : [`  expires: ${expiresAt}`]),
    ...(revokedAt === null ? [] : [`  revoked: ${revokedAt}`]),
  ];
}

export function keyTable(keys: readonly KeyDocument[], ui: Ui): string {
  const rows = keys.map(({ name, prefix, role, revokedAt, expiresAt, limits }) => [
    name,
    `${prefix}…`,
    role,
    stateText(revokedAt, expiresAt, ui.nowMs),
    limits.length === 0 ? "none" : limits.join(" "),
  ]);
  return table(keyColumns, rows, ui);
}

function stateText(revokedAt: string | null, expiresAt: string | null, nowMs: number): string {
  if (revokedAt !== null) return "revoked";
  if (expiresAt === null) return "open";
  return Date.parse(expiresAt) <= nowMs ? "expired" : `until ${expiresAt.slice(0, 10)}`;
}

export function placeTable(accounts: Report["accounts"], ui: Ui): string {
  const columns = [{ title: "ACCOUNT", least: 12 }, { title: "WHERE" }, { title: "NOTE", drop: 1 }];
  const rows = accounts.map(({ name, place, detail }) => [name, place, detail ?? ""]);
  return table(columns, rows, ui);
}

const keyColumns = [
  { title: "NAME", least: 12 },
  { title: "KEY" },
  { title: "ROLE", drop: 1 },
  { title: "STATE" },
  { title: "LIMITS" },
];

const usageColumns = [
  { title: "DAY" },
  { title: "KEY", least: 12 },
  ...["REQUESTS", "INPUT", "OUTPUT", "API EQUIVALENT"].map((title) => ({ title, isRight: true })),
];

export function usageLines({ days, key: own }: NonNullable<Report["usage"]>, ui: Ui): string[] {
  const lines = own
    ? own.limits.map(({ name, kind, used, max, resets_at: resets }) => {
        const share = kind === "cost" ? `$${used.toFixed(4)} of $${max}` : `${used} of ${max}`;
        return `${name}: ${share} used, until ${resets}`;
      })
    : [];
  if (days.length === 0) return [...lines, "Nothing was used."];
  const rows = days.map(({ day, keyId, keyName, requests, inputTokens, outputTokens, costUsd }) => [
    day,
    keyName ?? keyId,
    String(requests),
    String(inputTokens),
    String(outputTokens),
    `$${costUsd.toFixed(4)}`,
  ]);
  return [...lines, table(usageColumns, rows, ui)];
}

/** What each client needs to use the gateway; `<key>` stands for the key, which only its maker has. */
export function clientLines(client: string | undefined, url: string): string[] {
  switch (client ?? "") {
    case "codex":
      return [
        "# In ~/.codex/config.toml. These lines at its top, before the first [table]:",
        'model_provider = "pool"',
        '# model = "<model>"   # where the key may not use the one that Codex takes',
        "",
        "# These at its end. The key is read from the variable, never from the file:",
        "[model_providers.pool]",
        'name = "pool"',
        `base_url = "${url}"`,
        'env_key = "CODEX_POOL_KEY"',
        'wire_api = "responses"',
        "# supports_websockets = true   # sends less, where WebSockets get through",
        "",
        "# Then: CODEX_POOL_KEY=<key> codex",
      ];
    case "opencode":
      return ["// In opencode.json; then: CODEX_POOL_KEY=<key> opencode", ...openCodeConfig(url)];
    case "env":
      return [`export OPENAI_BASE_URL=${url}`, "export OPENAI_API_KEY='<key>'"];
    default:
      throw usageError(
        client === undefined ? "Say which client it is." : `Unknown client: ${client}`,
        "codex auth gateway client codex|opencode|env",
      );
  }
}

function openCodeConfig(url: string): string[] {
  const options = { baseURL: url, apiKey: "{env:CODEX_POOL_KEY}" };
  const pool = { npm: "@ai-sdk/openai-compatible", name: "pool", options, models: { "<model>": {} } };
  return JSON.stringify({ provider: { pool } }, null, 2).split("\n");
}

/** What every action says where it has nothing to say. */
export function blank(action: Action): Report {
  const nothing = {
    url: null,
    gateway: null,
    key: null,
    keys: [],
    boundTo: [],
    usage: null,
    link: null,
    steps: [],
    lines: [],
    accounts: [],
    decisions: [],
    problems: [],
    message: "",
  };
  return { action, running: false, ...nothing };
}

export function about(entry: RotationEntry) {
  const { port, startedAtMs, logFile, process } = entry;
  const gateway = { port, pid: process.pid, startedAt: new Date(startedAtMs).toISOString(), logFile };
  return { url: gatewayUrl(entry), gateway };
}

export function noWords(words: readonly string[], action: Action): void {
  if (words.length > 0) throw usageError("Too many words.", `codex auth gateway ${action}`);
}

export function usageError(message: string, form: string): CodexAuthError {
  return new CodexAuthError("usage", message, { hint: `Usage: ${form}` });
}
