import type { IncomingMessage } from "node:http";
import { allowsModel, type KeyPolicy } from "../../budget/policy.ts";
import { modelName, modelsOf, openAiModel } from "../../proxy/answers/model-answer.ts";
import type { ProxyAnswer } from "../../proxy/answers/refusals.ts";
import { type Answering, type Pass, reply } from "../../proxy/door/exchange.ts";
import { requestFacts } from "../../proxy/door/request-facts.ts";
import { serve } from "../../proxy/serve-request.ts";
import { parseJson } from "../../text/json.ts";
import { type Refusal, refuse } from "../door/refusal.ts";
import type { GatewayParts } from "../parts.ts";
import { accountsOf, deadAnswer, publicHeaders, surfaceAnswer } from "./pass.ts";
import type { Visit } from "./wish.ts";

/**
 * Answers `/v1/models` in both forms at once, `data` for OpenAI's clients and `models` for Codex, with the models that
 * the key may use. `id`: one of them alone, or 404.
 */
function modelAnswering(policy: KeyPolicy, id: string | null, notFound: () => void): Answering {
  return async (exchange, answer, held) => {
    const bytes = await readAll(answer, held);
    const document = documentOf(bytes.toString("utf8"), policy, id);
    const relayed = { kind: "whole", finalEvent: null, asksForTool: false, sentBytes: bytes.length } as const;
    if (document === null) {
      notFound();
      return relayed;
    }
    const etag = answer.headers.etag;
    const headers = { "content-type": "application/json", ...(etag === undefined ? {} : { etag }) };
    reply(exchange.response, { status: 200, headers, body: JSON.stringify(document) });
    return relayed;
  };
}

/** Null: the one model that was asked for is not among them. */
function documentOf(text: string, policy: KeyPolicy, id: string | null): object | null {
  const models = modelsOf(parseJson(text)).filter((model) => allowsModel(policy, modelName(model)));
  if (id === null) return { object: "list", data: models.map(openAiModel), models };
  const found = models.find((model) => modelName(model) === id);
  return found ? openAiModel(found) : null;
}

async function readAll(answer: IncomingMessage, held: readonly Buffer[]): Promise<Buffer> {
  const chunks = [...held];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Lists the models that the key may use, as upstream has them now. */
export async function listModels(
  parts: GatewayParts,
  visit: Omit<Visit, "route">,
  id: string | null,
): Promise<void> {
  const { request, response, key, isCodex, query } = visit;
  const say = (refusal: Refusal) => refuse(refusal, { isCodex, nowMs: parts.now() });
  const answering = modelAnswering(key.policy, id, () => {
    const message = `There is no model ${id} that this API key may use.`;
    const { status, headers, body } = say({ kind: "not-found", message });
    response.writeHead(status, headers).end(body);
  });
  // Models hardly change, and a client that cannot list them does not begin.
  const fromCache = (): ProxyAnswer | null => {
    const text = parts.cachedModels();
    const document = modelsOf(parseJson(text)).length === 0 ? null : documentOf(text, key.policy, id);
    if (document === null) return null;
    return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(document) };
  };
  const asker = { isCodex, nowMs: parts.now() };
  const pass: Pass = {
    client: key.name,
    accounts: accountsOf(key),
    answering,
    refuse: (dead) => {
      const isAway = dead.kind === "exhausted" && /^(?:network|server)-error$/.test(dead.reason);
      return (isAway ? fromCache() : null) ?? deadAnswer(dead, asker);
    },
    surface: (refused) =>
      (refused.failure.status >= 500 ? fromCache() : null) ?? surfaceAnswer(refused, false, asker),
    headers: publicHeaders,
  };
  const facts = requestFacts(request.headers, {}, key.id);
  await serve(parts.rotation, {
    request,
    response,
    route: "models",
    query,
    body: null,
    facts,
    wantsDocument: false,
    pass,
  });
}
