/** Whether Codex can start with its configuration, as it says itself. */
export type StartupAnswer =
  | { kind: "loads" }
  | {
      kind: "refused";
      sentence: string;
      /** Null where Codex names no place. */
      place: { file: string; line: number; column: number } | null;
      /** With `--strict-config`: the key that Codex does not know, as it writes it. */
      unknownKey: string | null;
    }
  /** What was asked does not exist in this version, or the answer is something else. */
  | { kind: "none" };

/** What `codex app-server --print-startup-config` prints: one line of JSON. */
export function readPrintedConfig(output: string): StartupAnswer {
  const line = output.split("\n").find((each) => each.startsWith("{")) ?? "";
  const answer = parsed(line);
  if (answer === null) return { kind: "none" };
  if (typeof answer["appServerVersion"] === "string") return { kind: "loads" };
  const data = objectAt(objectAt(answer, "error"), "data");
  if (data?.["reason"] !== "configLoad") return { kind: "none" };
  return refusal(String(data["detail"]));
}

/** What `codex login status` prints, in versions that have nothing better. */
export function readLoginStatus(output: string): StartupAnswer {
  const [, detail] = /^Error loading config(?:uration|\.toml): (.*)/ms.exec(output) ?? [];
  if (detail !== undefined) return refusal(detail);
  return /^(?:Logged in|Not logged in|API key)/m.test(output) ? { kind: "loads" } : { kind: "none" };
}

function refusal(detail: string): StartupAnswer {
  const [, file = "", line, column, rest] = /^(.*?):(\d+):(\d+): (.*)$/s.exec(detail.trim()) ?? [];
  const sentence = (rest ?? detail).trim();
  const place = line === undefined ? null : { file, line: Number(line), column: Number(column) };
  const [, unknownKey = null] = /^unknown configuration field `(.*)`/.exec(sentence) ?? [];
  return { kind: "refused", sentence, place, unknownKey };
}

type Json = Record<string, unknown>;

function parsed(line: string): Json | null {
  try {
    const value: unknown = JSON.parse(line);
    return asObject(value);
  } catch {
    return null;
  }
}

function objectAt(value: Json | null, key: string): Json | null {
  return asObject(value?.[key]);
}

function asObject(value: unknown): Json | null {
  return typeof value === "object" && value !== null ? (value as Json) : null;
}
