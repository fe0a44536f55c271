import { monitorEventLoopDelay } from "node:perf_hooks";
import type { LoggedRequest } from "../request-log.ts";

const boundsSec = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** What this gateway has done since it began. */
export class Metrics {
  /** By route and outcome, with a blank between them. */
  readonly #requests = new Map<string, number>();
  readonly #buckets = boundsSec.map(() => 0);
  readonly #tokens = { input: 0, cached: 0, output: 0 };
  readonly #startedSec: number;
  readonly #delay = monitorEventLoopDelay({ resolution: 20 });
  #seconds = 0;
  #count = 0;
  #micros = 0;
  #attempts = 0;

  constructor(nowMs: number) {
    this.#startedSec = nowMs / 1000;
    this.#delay.enable();
  }

  stop(): void {
    this.#delay.disable();
  }

  note({ route, status, tokens, cost, totalMs, attempts }: LoggedRequest): void {
    const outcome = status < 400 ? "served" : status < 500 ? "refused" : "failed";
    const name = `${route} ${outcome}`;
    this.#requests.set(name, (this.#requests.get(name) ?? 0) + 1);
    const seconds = totalMs / 1000;
    for (const [at, bound] of boundsSec.entries())
      if (seconds <= bound) this.#buckets[at] = (this.#buckets[at] ?? 0) + 1;
    this.#seconds += seconds;
    this.#count += 1;
    this.#tokens.input += tokens.input;
    this.#tokens.cached += tokens.cached;
    this.#tokens.output += tokens.output;
    this.#micros += cost.micros;
    this.#attempts += attempts;
  }

  lines(): string[] {
    const { input, cached, output } = this.#tokens;
    const requests = [...this.#requests].map(([name, count]): Sample => {
      const [route = "", outcome = ""] = name.split(" ");
      return [labels({ route, outcome }), count];
    });
    const kinds = Object.entries({ input, cached, output });
    const memory = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    return [
      ...series("requests_total", "counter", "Requests by route and outcome.", requests),
      ...series(
        "tokens_total",
        "counter",
        "Tokens by kind; cached is part of input.",
        kinds.map(([kind, count]) => [labels({ kind }), count]),
      ),
      ...series("cost_usd_total", "counter", "What it would cost on OpenAI's API.", this.#micros / 1_000_000),
      ...series("attempts_total", "counter", "Accounts that were asked.", this.#attempts),
      `# HELP ${prefix}request_seconds How long requests took.`,
      `# TYPE ${prefix}request_seconds histogram`,
      ...boundsSec.map(
        (bound, at) => `${prefix}request_seconds_bucket{le="${bound}"} ${this.#buckets[at] ?? 0}`,
      ),
      `${prefix}request_seconds_bucket{le="+Inf"} ${this.#count}`,
      `${prefix}request_seconds_sum ${this.#seconds}`,
      `${prefix}request_seconds_count ${this.#count}`,
      ...series("start_time_seconds", "gauge", "When this gateway began.", this.#startedSec),
      ...series("cpu_seconds_total", "counter", "CPU time of this process.", (user + system) / 1e6),
      ...series("memory_bytes", "gauge", "Resident memory of this process.", memory.rss),
      ...series(
        "event_loop_delay_seconds",
        "gauge",
        "99th percentile of the event loop's delay.",
        Number.isNaN(this.#delay.percentile(99)) ? 0 : this.#delay.percentile(99) / 1e9,
      ),
    ];
  }
}

const prefix = "codex_auth_gateway_";

export type Sample = readonly [labels: string, value: number];

export function series(
  name: string,
  type: "counter" | "gauge",
  help: string,
  value: number | readonly Sample[],
): string[] {
  const samples = typeof value === "number" ? ([["", value]] as const) : value;
  return [
    `# HELP ${prefix}${name} ${help}`,
    `# TYPE ${prefix}${name} ${type}`,
    ...samples.map(([text, each]) => `${prefix}${name}${text} ${each}`),
  ];
}

export function labels(values: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(values).map(([name, value]) => `${name}="${escaped(value)}"`);
  return `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
