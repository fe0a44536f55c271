import { currentProcess } from "../../src/machine/processes.ts";
import type { RotationStatus } from "../../src/proxy/options.ts";
import { testNowMs } from "./fake-context.ts";
import type { TestHome } from "./home.ts";

const ago = (minutes: number) => testNowMs - minutes * 60_000;

/** Enters this process as the proxy of the home: a process that lives. */
export function enterRotation(home: TestHome): void {
  const entry = { port: 4321, key: "sk-rotation-0123456789abcdef", startedAtMs: ago(30), logFile: null };
  home.write("codex-auth/rotation.json", { ...entry, process: currentProcess() });
}

/** Answers as the proxy does when one of its two accounts is at its limit. */
export function answerStatus(url: string): Promise<Response> {
  if (!url.startsWith("http://127.0.0.1:4321/")) throw new Error(`asked ${url}`);
  return Promise.resolve(Response.json(status));
}

const limited = { atMs: ago(5), code: "usage_limit_reached", message: "The usage limit has been reached." };
const tokens = { input: 1_234_567, cachedInput: 1_000_000, output: 8_901 };

const status: RotationStatus = {
  port: 4321,
  startedAtMs: ago(30),
  uptimeMs: 30 * 60_000,
  inFlight: 2,
  deferred: 3,
  pin: null,
  webSocket: "refuse",
  problem: null,
  accounts: [
    {
      id: "aaaaaaaaaaaa",
      label: "home",
      email: "ada@personal.example",
      plan: "plus",
      state: "limited",
      reason: "usage limit",
      returnsAtMs: testNowMs + 3_600_000,
      served: 40,
      failedOver: 1,
      inFlight: 0,
      lastError: limited,
      tokens,
    },
    {
      id: "bbbbbbbbbbbb",
      label: null,
      email: "dev@team.example",
      plan: "business",
      state: "ready",
      reason: null,
      returnsAtMs: null,
      served: 2,
      failedOver: 0,
      inFlight: 2,
      lastError: null,
      tokens: { input: 0, cachedInput: 0, output: 0 },
    },
  ],
  decisions: [
    { atMs: ago(1), kind: "use", accountId: "bbbbbbbbbbbb", reason: "best", outcome: null },
    { atMs: ago(5), kind: "use", accountId: "aaaaaaaaaaaa", reason: "cache", outcome: "usage_limit_reached" },
  ],
};
