// How long the local session logs take, against grep over the same files.
//   npx tsc -p .ci/tsconfig.lib.json && node test/bench/sessions.mjs [megabytes, default 256] [folder]
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSessionLimits, readSessionUsage } from "../../dist/lib/index.js";

const megabytes = Number(process.argv[2] ?? 256);
const home = mkdtempSync(join(process.argv[3] ?? tmpdir(), "codex-auth-bench-"));
const sessionBytes = 1_500_000;
const startMs = Date.UTC(2026, 8, 1);

try {
  const files = generate(Math.ceil((megabytes * 1e6) / sessionBytes));
  console.log(`${files.length} logs, ${megabytes} MB`);
  const grep = best(3, () => {
    // grep without a match exits with 1; every generated log matches.
    execFileSync("grep", ["-c", "token_count", ...files], { maxBuffer: 1e8 });
  });
  console.log(`grep -c token_count          ${grep.toFixed(0)} ms`);
  report(
    "cold scan for newest limits",
    best(3, () => scan(memory())),
    grep,
  );
  const storage = memory();
  scan(storage);
  let grown = 0;
  const again = best(5, () => {
    appendFileSync(files[grown++ % files.length], tokenCount(startMs + 9e9 + grown, grown));
    return () => scan(storage);
  });
  report("next run, one log grown", again, grep);
  report(
    "next run, nothing changed",
    best(5, () => scan(storage)),
    grep,
  );
  report(
    "cold count of all tokens",
    best(2, () => count(memory())),
    grep,
  );
  count(storage);
  appendFileSync(files[0], tokenCount(startMs + 9e9, 99));
  report(
    "next count, one log grown",
    best(1, () => count(storage)),
    grep,
  );
  console.log(`index                        ${(storage.read().length / 1024).toFixed(0)} KiB`);
} finally {
  rmSync(home, { recursive: true, force: true });
}

/** The shortest of several runs, ms. A run may return what is to be timed after its preparation. */
function best(runs, run) {
  let shortest = Infinity;
  for (let i = 0; i < runs; i++) {
    let start = performance.now();
    const timed = run();
    if (typeof timed === "function") {
      start = performance.now();
      timed();
    }
    shortest = Math.min(shortest, performance.now() - start);
  }
  return shortest;
}

function report(what, ms, grep) {
  console.log(`${what.padEnd(28)} ${ms.toFixed(1)} ms, ${(ms / grep).toFixed(2)} x grep`);
}

function memory() {
  let text = null;
  return { read: () => text, write: (next) => void (text = next) };
}

function scan(storage) {
  const { accounts } = readSessionLimits({ homes: [home], storage });
  if (accounts.length !== 3) throw new Error("The bench must find three accounts.");
}

function count(storage) {
  readSessionUsage({ homes: [home], storage, dayOf: (ms) => new Date(ms).toISOString().slice(0, 10) });
}

function generate(count) {
  const files = [];
  for (let index = 0; index < count; index++) {
    const atMs = startMs + index * 7_200_000;
    const day = new Date(atMs).toISOString().slice(0, 10).replaceAll("-", "/");
    const folder = join(home, "sessions", day);
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `rollout-${atMs}-${String(index).padStart(8, "0")}.jsonl`);
    writeFileSync(file, session(index, atMs));
    files.push(file);
  }
  return files;
}

/** About 1.5 MB: a long first line, messages, tool output up to 40 KB, and a token count after each response. */
function session(index, atMs) {
  const lines = [line(atMs, "session_meta", meta(index, atMs))];
  let bytes = 0;
  for (let turn = 0; bytes < sessionBytes; turn++) {
    const nowMs = atMs + turn * 20_000;
    const parts = [
      turn % 8 === 0 ? line(nowMs, "turn_context", { model: "gpt-5.5", cwd: "/home/user/project" }) : "",
      line(nowMs, "response_item", { type: "reasoning", encrypted_content: filler(turn + index, 3000) }),
      line(nowMs, "response_item", { type: "function_call", arguments: filler(turn, 300) }),
      line(nowMs, "response_item", {
        type: "function_call_output",
        output: filler(turn, turn % 9 ? 4000 : 40_000),
      }),
      tokenCount(nowMs, turn + 1),
    ];
    const text = parts.join("");
    bytes += text.length;
    lines.push(text);
  }
  return lines.join("");
}

function meta(index, atMs) {
  return {
    id: `session-${index}`,
    timestamp: new Date(atMs).toISOString(),
    creator_account_id: `acct-${index % 3}`,
    creator_user_id: "user-1",
    model_provider: "openai",
    base_instructions: { text: filler(index, 20_000) },
  };
}

function tokenCount(atMs, responses) {
  const usage = (times) => ({
    input_tokens: 9000 * times,
    cached_input_tokens: 7000 * times,
    output_tokens: 400 * times,
    reasoning_output_tokens: 100 * times,
    total_tokens: 9400 * times,
  });
  const resets = (hours) => Math.ceil(atMs / (hours * 3_600_000)) * hours * 3600;
  return line(atMs, "event_msg", {
    type: "token_count",
    info: { total_token_usage: usage(responses), last_token_usage: usage(1), model_context_window: 258_400 },
    rate_limits: {
      limit_id: "codex",
      primary: { used_percent: responses % 100, window_minutes: 300, resets_at: resets(5) },
      secondary: { used_percent: responses % 90, window_minutes: 10_080, resets_at: resets(168) },
    },
  });
}

function line(atMs, type, payload) {
  return `${JSON.stringify({ timestamp: new Date(atMs).toISOString(), type, payload })}\n`;
}

/** Text that looks like code: many short words and line ends. */
function filler(seed, length) {
  const words = [
    "const",
    "value",
    "return",
    "(item)",
    "=>",
    "{",
    "}",
    "await",
    "error",
    "\n",
    "token",
    "count",
  ];
  let text = "";
  for (let i = seed; text.length < length; i += 7) text += `${words[(i * i + seed) % words.length]} `;
  return text.slice(0, length);
}
