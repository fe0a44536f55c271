import type { IncomingMessage } from "node:http";
import { allowsModel, type KeyPolicy } from "../budget/policy.ts";
import { parseJson } from "../errors/json-value.ts";
import { reply, type Answering, type Pass } from "../proxy/exchange.ts";
import { modelName, modelsOf, openAiModel } from "../proxy/model-answer.ts";
import { requestFacts } from "../proxy/request-facts.ts";
import { serve } from "../proxy/rotation.ts";
import type { GatewayParts } from "./parts.ts";
import { deadAnswer, publicHeaders } from "./pass.ts";
import { refuse, type Refusal } from "./refusal.ts";
import type { Visit } from "./wish.ts";

/**
 * Answers `/v1/models` in both forms at once, `data` for OpenAI's clients and `models` for Codex, with the models that
 * the key may use. `id`: one of them alone, or 404.
 */
function modelAnswering(policy: KeyPolicy, id: string | null, notFound: () => void): Answering {
  return async (exchange, answer, held) => {
    const bytes = await readAll(answer, held);
    const models = modelsOf(parseJson(bytes.toString("utf8"))).filter((model) =>
      allowsModel(policy, modelName(model)),
    );
    const relayed = { kind: "whole", finalEvent: null, asksForTool: false, sentBytes: bytes.length } as const;
    const found = id === null ? null : models.find((model) => modelName(model) === id);
    if (id !== null && !found) {
      notFound();
      return relayed;
    }
    const document = found ? openAiModel(found) : { object: "list", data: models.map(openAiModel), models };
    const etag = answer.headers.etag;
    const headers = { "content-type": "application/json", ...(etag === undefined ? {} : { etag }) };
    reply(exchange.response, { status: 200, headers, body: JSON.stringify(document) });
    return relayed;
  };
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
    const { status, headers, body } = say({ kind: "not-found" });
    response.writeHead(status, headers).end(body);
  });
  const pass: Pass = {
    accounts: key.policy.accounts === undefined ? null : new Set(key.policy.accounts),
    answering,
    refuse: (dead) => deadAnswer(dead, { isCodex, nowMs: parts.now() }),
    headers: publicHeaders,
  };
  const facts = requestFacts(request.headers, null);
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
