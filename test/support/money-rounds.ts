// Kills processes that count money, and does the sum again from their own logs.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as rest } from "node:timers/promises";
import { readUsage, type UsageState } from "../../src/budget/usage-state.ts";
import { type Database, readDocument } from "../../src/database/database.ts";
import { UsageBooks } from "../../src/gateway/limits/usage-books.ts";
import { openTestDatabase } from "./databases.ts";
import { workerScript } from "./worker-script.ts";

export interface MoneyWish {
  readonly address: string;
  /** The programs that run as workers, in turn. */
  readonly nodes: readonly string[];
  readonly kills: number;
  /** Processes that count for the same key at the same time. */
  readonly workers: number;
  readonly onRound?: (figures: MoneyFigures) => void;
}

export interface MoneyFigures {
  kills: number;
  /** Of them, right after a write whose end nobody learnt. */
  killsAfterWrite: number;
  admitted: number;
  settled: number;
  /** Open when their process died; whoever sweeps charges what they held. */
  swept: number;
  lost: number;
  doubled: number;
  /** Tickets that nobody asked for. */
  invented: number;
}

const worker = "money-worker";

function isServer(address: string): boolean {
  return address.startsWith("postgres");
}

function workerAddress(address: string): string {
  return isServer(address) ? `${address}?application_name=${worker}` : address;
}

/** A server still does what a client has asked for before it was killed: only then it is known what was written. */
async function untilServed(database: Database, address: string): Promise<void> {
  if (!isServer(address)) return;
  const sql = "select count(*) as busy from pg_stat_activity where application_name = $1";
  while (Number((await database.query(sql, [worker]))[0]?.["busy"]) > 0) await rest(5);
}

const mostOpen = 150;

type Word = "asks" | "has" | "returns" | "pays" | "done";

/** Every round starts the workers, kills them all, and compares the document with the logs to the last token. */
export async function killRounds({
  address,
  nodes,
  kills,
  workers,
  onRound,
}: MoneyWish): Promise<MoneyFigures> {
  const folder = mkdtempSync(join(tmpdir(), "codex-auth-money-"));
  const script = workerScript("money-worker");
  const database = await openTestDatabase(address);
  const figures = {
    kills: 0,
    killsAfterWrite: 0,
    admitted: 0,
    settled: 0,
    swept: 0,
    lost: 0,
    doubled: 0,
    invented: 0,
  };
  const sum = { requests: 0, tokens: 0 };
  const open = new Map<string, number>();
  try {
    for (let round = 0; figures.kills < kills; round += 1) {
      const killed = Array.from({ length: workers }, (_, index) => {
        const replica = `r${round}w${index}`;
        const writes = (round + index) % 2 === 0 ? 1 + Math.floor(Math.random() * 40) : 0;
        const log = join(folder, replica);
        const node = nodes[(round + index) % nodes.length] ?? process.execPath;
        const child = spawn(
          node,
          ["--no-warnings", script, workerAddress(address), log, replica, String(writes)],
          {
            stdio: ["ignore", "ignore", "inherit"],
          },
        );
        if (writes > 0) figures.killsAfterWrite += 1;
        return killedLater(child, log, writes > 0).then(() => log);
      });
      const logs = await Promise.all(killed);
      await untilServed(database, address);
      figures.kills += workers;
      const state = await stateIn(database);
      for (const log of logs) compare(log, state, { figures, sum, open });
      for (const { id } of state.tickets) if (!open.has(id)) figures.invented += 1;
      weigh(state, { figures, sum, open });
      if (open.size > mostOpen || figures.kills >= kills) {
        await sweep(database, { figures, sum, open });
        weigh(await stateIn(database), { figures, sum, open });
      }
      onRound?.(figures);
      for (const log of logs) rmSync(log, { force: true });
    }
    return figures;
  } finally {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function stateIn(database: Database): Promise<UsageState> {
  const document = await readDocument(database, "usage", "key");
  if (!document) throw new Error("Nothing was written.");
  return readUsage(document.body);
}

/** The counters beside what the logs and the open tickets say. */
function weigh({ counters }: UsageState, { figures, sum, open }: Sheet): void {
  let held = 0;
  for (const tokens of open.values()) held += tokens;
  const requests = counters["requests/5h"]?.used ?? 0;
  const tokens = counters["tokens/5h"]?.used ?? 0;
  const missing = sum.tokens + held - tokens;
  if (missing > 0 || sum.requests + open.size > requests) figures.lost += 1;
  if (missing < 0 || sum.requests + open.size < requests) figures.doubled += 1;
}

async function sweep(database: Database, { figures, sum, open }: Sheet): Promise<void> {
  const swept = await new UsageBooks(database).sweep(() => true);
  if (swept < open.size) figures.lost += 1;
  if (swept > open.size) figures.invented += 1;
  figures.swept += swept;
  sum.requests += open.size;
  for (const tokens of open.values()) sum.tokens += tokens;
  open.clear();
}

/** Kills a process some time after it began to work; one that kills itself is only waited for. */
async function killedLater(child: ChildProcess, log: string, killsItself: boolean): Promise<void> {
  const gone = new Promise<NodeJS.Signals | null>((resolve) => {
    child.once("exit", (_, signal) => resolve(signal));
  });
  if (!killsItself) {
    while (!hasWords(log) && child.exitCode === null) await rest(2);
    await rest(Math.random() * 120);
    child.kill("SIGKILL");
  }
  const signal = await gone;
  if (signal !== "SIGKILL") throw new Error(`A worker ended by itself: ${child.exitCode}`);
}

function hasWords(log: string): boolean {
  return existsSync(log) && statSync(log).size > 0;
}

interface Sheet {
  readonly figures: MoneyFigures;
  readonly sum: { requests: number; tokens: number };
  readonly open: Map<string, number>;
}

/** What a worker was told must be so; what it was still waiting for may be so or not, and the open tickets say which. */
function compare(log: string, { tickets }: UsageState, { figures, sum, open }: Sheet): void {
  const last = new Map<string, Word[]>();
  for (const line of readFileSync(log, "utf8").split("\n").slice(0, -1)) {
    const [word, id = ""] = line.split(" ");
    last.set(id, [...(last.get(id) ?? []), word as Word]);
  }
  for (const [id, words] of last) {
    const number = Number(id.slice(id.indexOf("-") + 1));
    const isOpen = tickets.some((ticket) => ticket.id === id);
    const step = (number % 97) + 1;
    if (words.includes("has")) figures.admitted += 1;
    if (words.includes("done")) figures.settled += 1;
    if (isOpen) {
      open.set(id, step * 3);
      if (words.includes("done")) figures.lost += 1;
    } else if (words.includes("pays")) {
      sum.requests += 1;
      sum.tokens += step * 2;
    } else if (words.includes("has") && !words.includes("returns")) figures.lost += 1;
  }
}
