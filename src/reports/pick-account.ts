import type { Context, KeyTerminal } from "../context.ts";
import { CodexAuthError } from "../errors/codex-auth-error.ts";
import { nameAmong } from "../pool/account.ts";
import { stateWords } from "../pool/state.ts";
import { safeReport, safeText } from "../text/safe-text.ts";
import { type Choice, pickerLines, type PickerState, press } from "../ui/picker.ts";
import { isUnicodeLocale, makeUi, type Ui } from "../ui/ui.ts";
import { reportAccounts } from "./account.ts";
import { limitColumns } from "./limit-columns.ts";
import { figuresOf, readPoolState } from "./pool.ts";
import { rankPool, recommend } from "./recommendation.ts";

/** Whether somebody can be asked. */
export function canPick({ stdin, stderr }: Pick<Context, "stdin" | "stderr">): boolean {
  return stdin.isTerminal && stderr.isTerminal;
}

/**
 * Lets the person choose an account, the recommended one first; returns its id. Where keys cannot be had one by one, by
 * a number. Throws when nothing is chosen.
 */
export async function pickAccount(ctx: Context, title: string): Promise<string> {
  const look = await pickerLook(ctx, title);
  if (look.choices.length === 0) {
    throw new CodexAuthError("account_not_found", "There are no accounts yet.", {
      hint: "Add one: codex auth login, or codex auth import",
    });
  }
  const terminal = ctx.keyTerminal("stderr");
  const ui = await makeUi({
    colorLevel: ctx.stderr.colorLevel,
    columns: ctx.stderr.columns,
    isTerminal: true,
    isUnicode: isUnicodeLocale(ctx.env),
    nowMs: ctx.now(),
  });
  return terminal ? await pickByKeys(terminal, look, ui) : await pickByNumber(ctx, look, ui);
}

type PickerLook = Awaited<ReturnType<typeof pickerLook>>;

async function pickerLook(ctx: Context, title: string) {
  const state = await readPoolState(ctx);
  const { snapshot, nowMs } = state;
  const { kind, id } = recommend(state, rankPool(state));
  const accounts = safeReport(reportAccounts(snapshot, nowMs, figuresOf(state)));
  const quotas = limitColumns(accounts, nowMs);
  const nameOf = nameAmong(snapshot.pool.accounts);
  const choices: Choice[] = accounts.map((account, index) => {
    const poolAccount = snapshot.pool.accounts[index];
    const name = poolAccount ? nameOf(poolAccount) : account.name;
    const isBest = kind === "use" && id === account.id;
    const note = isBest ? "recommended" : account.state === "ready" ? "" : stateWords[account.state];
    return {
      value: account.id,
      text: [account.row, name, account.plan, account.accountId, note].join(" "),
      cells: [
        account.active ? "*" : "",
        String(account.row),
        safeText(name),
        account.plan ?? account.kind,
        note,
        ...quotas.cells(account),
      ],
    };
  });
  const columns = [
    { title: "" },
    { title: "#" },
    { title: "ACCOUNT", least: 16 },
    { title: "PLAN", drop: 3 },
    { title: "" },
    ...quotas.columns,
  ];
  const at =
    kind === "use"
      ? Math.max(
          0,
          choices.findIndex(({ value }) => value === id),
        )
      : 0;
  return { title, columns, choices, at };
}

function pickByKeys(terminal: KeyTerminal, { at, ...look }: PickerLook, ui: Ui): Promise<string> {
  return new Promise((resolve, reject) => {
    let state: PickerState = { filter: "", at };
    let height = 0;
    const draw = () => {
      const { columns, rows } = terminal.size();
      const lines = pickerLines(state, look, { ...ui, columns }, rows);
      terminal.write(`${wipe(height)}${lines.join("\r\n")}`);
      height = lines.length;
    };
    const close = terminal.listen({
      onResize: draw,
      onLeave: () => {
        terminal.write(wipe(height));
        height = 0;
      },
      onReturn: draw,
      onKey: (key) => {
        if (key === "ctrl-z") return terminal.suspend();
        const pressed = press(state, key, look.choices);
        if (pressed.kind === "open") {
          state = pressed.state;
          return draw();
        }
        close();
        terminal.write(wipe(height));
        if (pressed.kind === "taken") return resolve(pressed.value);
        reject(key === "ctrl-c" ? stopped() : nothingChosen());
      },
    });
    draw();
  });
}

/** To the first line of what was drawn, and everything below it away. */
function wipe(height: number): string {
  return height === 0 ? "" : `\r${height > 1 ? `\u001b[${height - 1}A` : ""}\u001b[J`;
}

async function pickByNumber(ctx: Context, { columns, choices, at }: PickerLook, ui: Ui): Promise<string> {
  const lines = pickerLines({ filter: "", at }, { title: "", columns, choices }, ui, Number.MAX_SAFE_INTEGER);
  ctx.stderr.write(`${lines.slice(1, -1).join("\n")}\n`);
  const typed = (await ctx.prompt(`Account [1-${choices.length}]: `)).trim();
  const chosen = choices[Number(typed) - 1] ?? null;
  if (/^\d+$/.test(typed) && chosen) return chosen.value;
  if (typed !== "") return typed;
  throw nothingChosen();
}

function nothingChosen(): CodexAuthError {
  return new CodexAuthError("usage", "Nothing was chosen, so nothing was changed.", {
    hint: "See the accounts: codex auth list",
  });
}

function stopped(): CodexAuthError {
  return new CodexAuthError("interrupted", "Stopped. Nothing was changed.");
}
