import { toErrorEnvelope } from "../../errors/envelope.ts";
import { field, isRecord, parseJson, textField } from "../../text/json.ts";
import { type Answering, reply } from "../door/exchange.ts";

/** A model as Codex's backend lists it, by whatever name it calls its name. */
export type Model = Readonly<Record<string, unknown>>;

/** Answers a client that knows OpenAI's API: the list in its shape, or one model of it. */
export function openAiModels(modelId: string | null): Answering {
  return async ({ response }, answer, held) => {
    const chunks = [...held];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const models = modelsOf(parseJson(bytes.toString("utf8")));
    const headers = { "content-type": "application/json" };
    const found = models.find((model) => modelName(model) === modelId);
    const isMissing = modelId !== null && found === undefined;
    const list = { object: "list", data: models.map(openAiModel) };
    const document = isMissing ? noModel(modelId) : found ? openAiModel(found) : list;
    reply(response, { status: isMissing ? 404 : 200, headers, body: JSON.stringify(document) });
    return { kind: "whole", finalEvent: null, asksForTool: false, sentBytes: bytes.length };
  };
}

function noModel(modelId: string): object {
  const message = `The model ${modelId} does not exist.`;
  return toErrorEnvelope({
    type: "invalid_request_error",
    code: "model_not_found",
    message,
    param: "model",
  });
}

/** The entries of a list of models that have a name. */
export function modelsOf(document: unknown): Model[] {
  const list = field(document, "models") ?? field(document, "data");
  return Array.isArray(list) ? list.filter(isRecord).filter((model) => modelName(model) !== "") : [];
}

export function modelName(model: Model): string {
  return textField(model, "slug") ?? textField(model, "id") ?? "";
}

/** A model as OpenAI's API describes it. */
export function openAiModel(model: Model): object {
  return { id: modelName(model), object: "model", created: 0, owned_by: "openai" };
}

/** The backend lists models for a version of Codex, which other clients do not name. */
export function withClientVersion(query: string): string {
  if (/[?&]client_version=/.test(query)) return query;
  return `${query === "" ? "?" : `${query}&`}client_version=${listedFor}`;
}

const listedFor = "0.171.0";
