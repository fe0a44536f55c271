import { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { readAuthJson } from "../src/codex/auth-json.ts";
import { findDuplicates, mergeDuplicates } from "../src/codex/config/duplicates.ts";
import { editConfig } from "../src/codex/config/edit.ts";
import { scanLayout } from "../src/codex/config/layout.ts";
import { keyAt, linesOfKey, linesOfTable } from "../src/codex/config/lines.ts";
import { correctTypos, withPathsMeant } from "../src/codex/config/mistakes.ts";
import { readConfig } from "../src/codex/config/toml.ts";
import { configFaults } from "../src/codex/config/values.ts";
import { salvageLogin, stringIn } from "../src/codex/login-documents.ts";
import { modelsInCache } from "../src/codex/models.ts";
import { withoutSecrets } from "../src/doctor/check.ts";
import { withoutSecret } from "../src/doctor/checks/config-edit.ts";
import { matchEntries, nearestEntries } from "../src/doctor/explain/explain.ts";
import { entriesIn, salvagePool } from "../src/doctor/fixes/salvage-pool.ts";
import { CodexAuthError } from "../src/errors/codex-auth-error.ts";
import { parseSse } from "../src/errors/stream-failure.ts";
import { parsePool } from "../src/pool/pool.ts";
import { eventData, eventEnd, eventType, finalEvent, lastBoundary } from "../src/proxy/answers/events.ts";
import { peek } from "../src/proxy/answers/first-event.ts";
import { topLevelFields } from "../src/proxy/door/body-fields.ts";
import { parseHistory } from "../src/quota/history.ts";
import { parseSessionHead, parseTokenCount, parseTurnModel } from "../src/sessions/lines.ts";
import { parseReports } from "../src/sessions/history.ts";
import { parseIndex } from "../src/sessions/scan.ts";
import { safeText } from "../src/text/safe-text.ts";
import { displayWidth } from "../src/text/width.ts";
import { growth } from "./support/growth.ts";

type Make = (size: number) => string;

function repeated(unit: string, before = "", behind = ""): Make {
  return (size) => before + unit.repeat(Math.ceil(size / unit.length)) + behind;
}

function numbered(line: (number: number) => string, before = ""): Make {
  return (size) => {
    const parts = [before];
    for (let [number, length] = [0, 0]; length < size; number += 1) {
      const part = line(number);
      parts.push(part);
      length += part.length;
    }
    return parts.join("");
  };
}

/** What a config.toml may be made of, at its worst. */
const tomlTexts: Record<string, Make> = {
  "one key again and again": repeated("a = 1\n"),
  "one key with other values": numbered((n) => `a = ${n}\n`),
  "one table again and again": repeated("[a]\n"),
  "one table with other keys": numbered((n) => `[a]\nk${n} = 1\n`),
  "a hundred tables in turn": numbered((n) => `[t${n % 100}]\nk${n} = 1\n`),
  "many keys": numbered((n) => `k${n} = ${n}\n`),
  "many tables": numbered((n) => `[t${n}]\n`),
  "one list of tables": numbered((n) => `[[l]]\nk = ${n}\n`),
  "lists of tables and tables": numbered((n) => (n % 2 ? `[[l${n}]]\n` : `[x${n}]\na = 1\n`)),
  "a deep key": repeated("a.", "", "a = 1\n"),
  "a deep table with keys": (size) => `[${"a.".repeat(size / 4)}a]\n${"k = 1\n".repeat(size / 12)}`,
  "deep lists": repeated("[", "v = "),
  "deep tables": repeated("{a=", "v = "),
  "a text without end": repeated('"a', "v = "),
  quotes: repeated('"""', "v = "),
  backslashes: repeated("\\", 'v = "'),
  "backslashes and quotes": repeated('\\"', 'v = "'),
  "Windows paths": numbered((n) => `p${n} = "C:\\new${n}"\n`),
  "words for values": numbered((n) => `p${n} = True\n`),
  "curly quotes": numbered((n) => `p${n} = \u201Cabc\u201D\n`),
  blanks: repeated(" "),
  "blanks before a key": repeated("\t", "", "a = 1"),
  "a long list": repeated("1,", "v = [", "]"),
  "a long table": numbered((n) => `k${n}=1,`, "v = {"),
  servers: numbered((n) => `[mcp_servers.s${n}]\ncommand = "x"\n`),
};

/** What a look at the beginning of lines may stumble over; with many tables the parser itself makes too much of noise. */
const blankTexts: Record<string, Make> = {
  blanks: repeated(" ", "", "x"),
  tabs: repeated("\t"),
  "a key and blanks": repeated(" ", "a"),
  "a bracket and blanks": repeated(" ", "["),
  brackets: repeated("["),
  "keys of many parts": repeated(`${"a.".repeat(900)}\n`),
};

/** What a JSON file, a log or a stream may be made of. */
const jsonTexts: Record<string, Make> = {
  quotes: repeated('"'),
  braces: repeated("{"),
  "pairs of braces": repeated("{}"),
  "braces and quotes": repeated('{"'),
  brackets: repeated("["),
  backslashes: repeated("\\", '"'),
  "escaped quotes": repeated('\\"', '"'),
  "commas and blanks": repeated(", "),
  blanks: repeated(" ", "", "x"),
  "a key and blanks": repeated(" ", '"id_token"'),
  "a key without a value": repeated('"id_token" '),
  "texts that are not closed": repeated('"id_token":"a'),
  "texts and blanks": repeated('"id_token":"a"   '),
  "our lines, torn": numbered(
    (n) => `{"id":"${n}","auth":{"OPENAI_API_KEY":"sk-${n}", oops\n`,
    '{"accounts":[\n',
  ),
  "our lines": numbered(
    (n) => `{"id":"${n}","addedAt":"x","auth":{"OPENAI_API_KEY":"sk-${n}"},"spent":[]},\n`,
    '{"version":1,"accounts":[\n',
  ),
  "laid out": numbered((n) => `{ "id": "${n}", "auth": { "tokens": {} } },\n`, '{ "accounts": [\n'),
  "a line of blanks": (size) => `{"accounts":[\n{"id":"1",${" ".repeat(size)}x`,
  prototypes: repeated('"__proto__":{'),
  "many keys": numbered((n) => `"k${n}":${n},`, "{"),
  events: repeated('data: {"type":"error"}\n\n'),
  "lines of one event": repeated("data: x\n"),
  "line ends": repeated("\r\n"),
};

/** What may be in the text of an error. */
const errorTexts: Record<string, Make> = Object.fromEntries(
  [
    "a",
    "aA0",
    "error ",
    "Error: ",
    "ERROR: \n",
    " 2026-11-20T09:00:00Z ERROR x",
    "\u001B",
    "\u001B[",
    "\u001B]8;;a",
    "│",
    " ",
    "   \n",
    "401 ",
    "https://a.b/c?d=e ",
    '{"error":{"message":"x"}}',
    '"',
    "(",
    "/home/x/",
    "a@b.c ",
    "@",
    ".",
    "eyJ.",
    "token = ",
    "--password ",
    "warning: ",
    "漢",
    "\u200D",
    "e\u0301",
    "7",
    "1h ",
    "usage limit ",
    "failed to refresh token: ",
    "codex\n",
    "--------\n",
    ": ",
    "key=",
    "authorization: bearer ",
    "invalid type: map, expected a sequence ",
  ].map((unit) => [JSON.stringify(unit), repeated(unit)]),
);

const noBackups = { backups: () => [], repairBackups: () => [] } as unknown as Parameters<
  typeof salvagePool
>[0];

/** Twice as much as linear may look like on a busy machine; quadratic is 8. */
const most = 4;

/** A machine that is busy looks quadratic now and then, a quadratic parser every time. */
function leastGrowth(make: Make, size: number, run: (text: string) => unknown): number {
  const measured: number[] = [];
  do measured.push(growth(make, size, run));
  while (measured.length < 4 && Math.min(...measured) >= most);
  return Math.min(...measured);
}

/** Runs a reader that may refuse what it is given. */
function tried(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof CodexAuthError)) throw error;
  }
}

const parsers: [string, Record<string, Make>, number, (text: string) => unknown][] = [
  ["readConfig", blankTexts, 50_000, readConfig],
  ["findDuplicates", tomlTexts, 50_000, findDuplicates],
  ["mergeDuplicates", tomlTexts, 50_000, mergeDuplicates],
  ["scanLayout", tomlTexts, 50_000, scanLayout],
  ["correctTypos", tomlTexts, 50_000, correctTypos],
  ["withPathsMeant", { ...tomlTexts, ...jsonTexts }, 50_000, withPathsMeant],
  [
    "editConfig",
    tomlTexts,
    50_000,
    (text) => tried(() => editConfig(text, [{ path: ["a", "b"], value: "x" }])),
  ],
  [
    "configFaults",
    tomlTexts,
    50_000,
    (text) => {
      const reading = readConfig(text);
      return reading.kind === "tree" && configFaults(reading.tree);
    },
  ],
  [
    "keyAt and linesOf…",
    tomlTexts,
    50_000,
    (text) => [keyAt(text, 2, 3), linesOfKey(text, ["a"]), linesOfTable(text, ["a"])],
  ],
  ["entriesIn", jsonTexts, 50_000, entriesIn],
  ["salvagePool", jsonTexts, 50_000, (text) => salvagePool(noBackups, text, 0)],
  ["parsePool", jsonTexts, 50_000, (text) => tried(() => parsePool(text, "pool.json"))],
  ["salvageLogin", jsonTexts, 50_000, (text) => [salvageLogin(text, 0), stringIn(text, "id_token")]],
  ["readAuthJson", jsonTexts, 50_000, readAuthJson],
  ["modelsInCache", jsonTexts, 50_000, modelsInCache],
  ["parseHistory", jsonTexts, 50_000, parseHistory],
  ["parseSse", jsonTexts, 50_000, parseSse],
  [
    "topLevelFields",
    jsonTexts,
    50_000,
    (text) => topLevelFields(Buffer.from(text), ["model", "id_token", "k1"]),
  ],
  [
    "events of a stream",
    jsonTexts,
    50_000,
    (text) => {
      const bytes = Buffer.from(text);
      return [finalEvent(bytes), lastBoundary(bytes), eventEnd(bytes, 0), eventData(text), eventType(text)];
    },
  ],
  [
    "lines and indexes of sessions",
    jsonTexts,
    50_000,
    (text) => [
      parseSessionHead(text),
      parseTokenCount(text),
      parseTurnModel(text),
      parseIndex(text),
      parseReports(text),
    ],
  ],
  ["explain", errorTexts, 50_000, (text) => [matchEntries(text), nearestEntries(text)]],
  ["withoutSecrets", errorTexts, 50_000, (text) => [withoutSecrets(text), withoutSecret(text)]],
  ["safeText and displayWidth", errorTexts, 50_000, (text) => [safeText(text), displayWidth(text)]],
];

// A config.toml of 32 KB with one table again and again took a minute, a pool.json of 100 KB of escaped quotes half of one.
test.each(parsers)(
  "%s takes time in proportion to its text, whatever is in it",
  (_, texts, size, run) => {
    const measured = Object.entries(texts).map(([name, make]) => ({
      name,
      growth: leastGrowth(make, size, run),
    }));
    expect(measured.filter((each) => each.growth >= most)).toEqual([]);
  },
  300_000,
);

test("a stream in tiny pieces is read once, and not anew with every piece", () => {
  const pieces = (size: number) => Array.from({ length: size / 16 }, () => Buffer.from(": 0123456789abc\n"));
  const read = (chunks: readonly Buffer[]) => {
    const response = Object.assign(new EventEmitter(), { pause: () => undefined });
    void peek(response as unknown as IncomingMessage, { firstEventMs: 10_000, preambleMs: 10_000 });
    for (const chunk of chunks) response.emit("data", chunk);
    response.emit("end");
  };
  expect(growth(pieces, 1_000_000, read)).toBeLessThan(most);
});
