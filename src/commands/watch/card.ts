import { sentenceNames } from "../../pool/account.ts";
import { stateWords } from "../../pool/state.ts";
import { mainLimitId } from "../../quota/limit.ts";
import { creditsText, type LimitReport } from "../../reports/account.ts";
import { clockText, lastsText, relativeText, windowName } from "../../text/times.ts";
import { cutMiddle, displayWidth } from "../../text/width.ts";
import { percentText } from "../../ui/forecast-lines.ts";
import { meter, type Ui } from "../../ui/ui.ts";
import type { AccountFigures, Figures } from "./figures.ts";
import { ellipsis, fitted, type Paint, type Piece, same } from "../../ui/wrap.ts";

/** An account: who it is and what it can do, then a line for each of its windows. */
export function card(
  account: AccountFigures,
  { recommendation, accounts }: Figures,
  ui: Ui,
  { isChosen, isFull }: { isChosen: boolean | null; isFull: boolean },
): string[] {
  const { active, row, label, name, plan, kind, state, stateReason, limits, credits } = account;
  const isBest = recommendation.kind === "use" && recommendation.id === account.id;
  const word = stateWords[state];
  const note = isBest ? ", use it next" : "";
  const pointer = isChosen ? (ui.isUnicode ? "❯ " : "> ") : isChosen === null ? "" : "  ";
  const lead = `${pointer}${active ? "*" : " "} ${row} `;
  const who = label === null ? sentenceNames(accounts)(account.id) : `${label} (${name})`;
  // A name that has its plan says it once.
  const seat = label === null && who !== name ? "" : `  ${plan ?? kind}`;
  const room = ui.columns - displayWidth(`${lead}  ${word}${note}`);
  const shown = ui.isTerminal ? cutMiddle(who, Math.max(8, room), ellipsis(ui)) : who;
  const first = fitted(
    [
      { text: lead, ...(isChosen ? { paint: ui.cyan } : {}) },
      { text: shown, paint: active ? ui.bold : isChosen ? ui.cyan : same },
      { text: seat, paint: ui.dim, mayGo: true },
      { text: `  ${word}`, paint: paintOf(state, ui) },
      { text: note, paint: ui.green },
    ],
    ui,
  );
  const windows = limits
    .filter(({ limitId }) => limitId === mainLimitId)
    .sort((a, b) => (a.windowMinutes ?? 0) - (b.windowMinutes ?? 0));
  const credit = creditsText(credits);
  // The word stands in the line above.
  const why = state === "ready" ? "" : (stateReason ?? "").replace(new RegExp(`^${word}(?:: )?`), "");
  const reason = why === "" ? [] : [why];
  const facts = credit === "" ? reason : [credit, ...reason];
  const isUnknown = windows.length === 0 && facts.length === 0 && kind === "chatgpt";
  if (isUnknown) facts.push("nothing is known of its quota yet");
  return [
    first,
    ...windows.map((limit) => windowLine(limit, ui)),
    ...dayLines(account, ui),
    ...(isFull ? fullLines(account, ui) : []),
    ...facts.map((text) => fitted([{ text: `    ${text}`, paint: ui.dim }], ui)),
  ];
}

/** How the last day used the longest window, an hour a sign. */
function dayLines({ lastDay }: AccountFigures, ui: Ui): string[] {
  if (lastDay === null || !ui.isTerminal) return [];
  const { windowMinutes, percentPerHour } = lastDay;
  const sum = percentPerHour.reduce((total, each) => total + each, 0);
  if (sum <= 0) return [];
  const signs = ui.isUnicode ? "▁▂▃▄▅▆▇█" : ".:-=+*%#";
  const most = Math.max(...percentPerHour);
  const drawing = percentPerHour
    .map((each) => (each <= 0 ? " " : signs.charAt(Math.ceil((each / most) * signs.length) - 1)))
    .join("");
  const words = `  ${percentText(sum)} % of the ${windowName(windowMinutes)} used in 24 h`;
  return [
    fitted(
      [
        { text: "    24 h   " },
        { text: drawing, paint: ui.cyan },
        { text: words, paint: ui.dim, mayGo: true },
      ],
      ui,
    ),
  ];
}

/** What only some want to see: other limits, how long the windows last, the token. */
function fullLines({ limits, windows, accountId, credential, risk }: AccountFigures, ui: Ui): string[] {
  const lasts = windows.flatMap(({ windowMinutes, emptyInMs, resetsAt }) =>
    emptyInMs === null || resetsAt === null
      ? []
      : [
          `${windowName(windowMinutes)} lasts ${lastsText(emptyInMs, Date.parse(resetsAt) - ui.nowMs, "the reset")}`,
        ],
  );
  const token =
    credential.expiresAt === null
      ? []
      : [`access token ends ${relativeText(credential.expiresAt, ui.nowMs)}`];
  const renewed =
    credential.lastRefreshAt === null ? [] : [`renewed ${relativeText(credential.lastRefreshAt, ui.nowMs)}`];
  const facts = [
    [...lasts, ...(risk === "unknown" ? [] : [`${risk} risk`])],
    [...(accountId === null ? [] : [`workspace ${accountId}`]), ...token, ...renewed],
  ];
  return [
    ...limits.filter(({ limitId }) => limitId !== mainLimitId).map((limit) => windowLine(limit, ui)),
    ...facts
      .filter((each) => each.length > 0)
      .map((each) => fitted([{ text: `    ${each.join("; ")}`, paint: ui.dim }], ui)),
  ];
}

const staleMs = 15 * 60_000;

function windowLine({ windowMinutes, window, remainingPercent, resetsAt, observedAt }: LimitReport, ui: Ui) {
  const back =
    resetsAt === null
      ? "not started"
      : `${ui.columns < 60 ? "" : "resets "}${relativeText(resetsAt, ui.nowMs)}`;
  const clock = resetsAt === null ? "" : ` (${clockText(resetsAt, ui.nowMs)})`;
  const isOld = ui.nowMs - Date.parse(observedAt) > staleMs;
  const bar = " ".repeat(ui.columns >= 100 ? 20 : 10);
  const drawn: Piece[] = ui.isTerminal
    ? [{ text: bar, paint: (text) => meter(remainingPercent, text.length, ui) }, { text: "  " }]
    : [];
  return fitted(
    [
      { text: `    ${(windowMinutes === null ? window : windowName(windowMinutes)).padEnd(5)}  ` },
      ...drawn,
      { text: `${percentText(remainingPercent).padStart(3)} %  ${back}` },
      { text: clock, mayGo: true },
      { text: isOld ? `, seen ${relativeText(observedAt, ui.nowMs)}` : "", paint: ui.dim, mayGo: true },
    ],
    ui,
  );
}

function paintOf(state: AccountFigures["state"], ui: Ui): Paint {
  if (state === "ready") return ui.green;
  if (state === "paused") return ui.dim;
  return state === "flagged" || state === "expired" ? ui.red : ui.yellow;
}
