import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { IndexStorage } from "../../src/sessions/scan.ts";
import { fastFolder } from "./fast-folder.ts";

export const startMs = Date.UTC(2026, 10, 20, 9);
const fixtures = new URL("../../fixtures/sessions/", import.meta.url).pathname;

/** A temporary CODEX_HOME, gone with the test: `using home = makeHome()`. */
export function makeHome() {
  const path = mkdtempSync(join(fastFolder, "codex-auth-sessions-"));
  const place = (name: string, folder: string) => {
    const file = join(path, folder, `rollout-${name}.jsonl`);
    mkdirSync(dirname(file), { recursive: true });
    return file;
  };
  return {
    path,
    write(name: string, text: string, folder = "sessions/2026/11/20"): string {
      const file = place(name, folder);
      writeFileSync(file, text);
      return file;
    },
    copy(fixture: string, folder = "sessions/2026/11/21"): string {
      const file = place(fixture, folder);
      copyFileSync(join(fixtures, `${fixture}.jsonl`), file);
      return file;
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true }),
  };
}

export function memoryIndex(
  text: string | null = null,
): IndexStorage & { text: string | null; writes: number } {
  return {
    text,
    writes: 0,
    read() {
      return this.text;
    },
    write(next) {
      this.text = next;
      this.writes++;
    },
  };
}

export function line(atMs: number, type: string, payload: object): string {
  return `${JSON.stringify({ timestamp: new Date(atMs).toISOString(), type, payload })}\n`;
}

export function meta(sessionId: string, over: object = {}): string {
  const creator = { creator_account_id: "acct-a", creator_user_id: "user-a", model_provider: "openai" };
  return line(startMs, "session_meta", { id: sessionId, ...creator, ...over });
}

export function turn(model: string): string {
  return line(startMs, "turn_context", { model });
}

export interface Count {
  readonly atMs?: number;
  /** Tokens in and out since the session began. */
  readonly total?: readonly [number, number];
  readonly last?: readonly [number, number];
  readonly limitId?: string;
  /** Percent and hours to the reset, from the start. */
  readonly short?: readonly [number, number];
  readonly week?: readonly [number, number];
}

export function tokenCount({ atMs = startMs, total, last, limitId = "codex", short, week }: Count): string {
  const usage = (tokens: readonly [number, number] | undefined) =>
    tokens && { input_tokens: tokens[0], cached_input_tokens: 0, output_tokens: tokens[1] };
  const window = (given: readonly [number, number] | undefined, minutes: number) =>
    given
      ? { used_percent: given[0], window_minutes: minutes, resets_at: startMs / 1000 + given[1] * 3600 }
      : null;
  return line(atMs, "event_msg", {
    type: "token_count",
    info: total ? { total_token_usage: usage(total), last_token_usage: usage(last ?? total) } : null,
    rate_limits:
      short || week
        ? { limit_id: limitId, primary: window(short, 300), secondary: window(week, 10_080) }
        : null,
  });
}
