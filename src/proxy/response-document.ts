import { field, isRecord, readList, readNumber } from "../accounts/unknown-value.ts";
import { parseJson } from "../errors/json-value.ts";
import { parseSse } from "../errors/sse.ts";

/** The response of a stream's last event. Where the backend leaves its output out there, the events have it. */
export function responseDocument(last: object, bytes: Buffer): object {
  const response = field(last, "response");
  if (!isRecord(response)) return {};
  if (readList(field(response, "output")).length > 0) return response;
  return { ...response, output: outputOf(bytes) };
}

/** Items that have ended, and in their places the texts of those that were cut off. */
function outputOf(bytes: Buffer): unknown[] {
  const items: [at: number, item: unknown][] = [];
  const texts = new Map<number, string>();
  for (const { data } of parseSse(bytes.toString("utf8"))) {
    const event = parseJson(data);
    const type = field(event, "type");
    const at = readNumber(field(event, "output_index"));
    if (type === "response.output_item.done") items.push([at ?? items.length, field(event, "item")]);
    const piece = field(event, "delta");
    if (type === "response.output_text.delta" && typeof piece === "string")
      texts.set(at ?? items.length, (texts.get(at ?? items.length) ?? "") + piece);
  }
  const ended = new Set(items.map(([at]) => at));
  const cut = [...texts].filter(([at]) => !ended.has(at));
  const all = [...items, ...cut.map(([at, text]) => [at, unended(text)] as const)];
  return all.toSorted(([a], [b]) => a - b).map(([, item]) => item);
}

function unended(text: string): object {
  const content = [{ type: "output_text", text, annotations: [] }];
  return { type: "message", role: "assistant", status: "incomplete", content };
}
