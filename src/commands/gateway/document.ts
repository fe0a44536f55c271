import type * as zod from "zod";
import type { Zod } from "../../cli/define-command.ts";
import { keySchema } from "../../gateway/key-document.ts";
import { keyUsageSchema } from "../../gateway/usage-answer.ts";

export const actions = ["start", "status", "stop", "key", "usage", "client"] as const;
export type Action = (typeof actions)[number];

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
    usage: z
      .object({
        days: z.array(
          z.object({
            day: z.string(),
            keyId: z.string(),
            requests: z.int(),
            inputTokens: z.int(),
            outputTokens: z.int(),
            costUsd: z.number().describe("what it would cost on OpenAI's API"),
          }),
        ),
        key: keyUsageSchema(z).nullable().describe("for one key: what GET /v1/usage tells it"),
      })
      .nullable(),
    lines: z.array(z.string()).describe("for client: what to write where; never a key"),
    message: z.string(),
  });

export type Report = zod.infer<ReturnType<typeof gatewayDocument>>;
