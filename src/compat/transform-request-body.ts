import { isRecord } from "../text/json.ts";
import {
  type CallForm,
  fieldsPass,
  isBoolean,
  isPositiveInteger,
  isText,
  namedCall,
  optional,
  wrongCall,
} from "./call-forms.ts";
import {
  fastOptions,
  type FastSessionStrategy,
  lastItems,
  readItems,
  statelessItems,
} from "./input-items.ts";
import { answerOptions, resolveModel } from "./models.ts";
import {
  cleanTools,
  type CodexRequestBody,
  type InputItem,
  type RequestBody,
  type UserConfig,
} from "./request-body.ts";

export interface TransformRequestBodyParams {
  readonly body: RequestBody;
  /** The base instructions; empty keeps those of the body. */
  readonly codexInstructions: string;
  readonly userConfig?: UserConfig | undefined;
  /** Accepted for compatibility: no text of ours is ever added to a request. */
  readonly codexMode?: boolean | undefined;
  /** Answer quickly: fewer items, lower effort and verbosity. */
  readonly fastSession?: boolean | undefined;
  readonly fastSessionStrategy?: FastSessionStrategy | undefined;
  readonly fastSessionMaxInputItems?: number | undefined;
  /** The caller shortens the input itself. */
  readonly deferFastSessionInputTrimming?: boolean | undefined;
  readonly allowBackgroundResponses?: boolean | undefined;
}

const form: CallForm<TransformRequestBodyParams> = {
  helper: "transformRequestBody",
  names: (
    "body codexInstructions userConfig codexMode fastSession fastSessionStrategy fastSessionMaxInputItems " +
    "deferFastSessionInputTrimming allowBackgroundResponses"
  ).split(" "),
  requires: "body and codexInstructions",
  checks: {
    body: isBody,
    codexInstructions: isText,
    userConfig: optional(isRecord),
    codexMode: optional(isBoolean),
    fastSession: optional(isBoolean),
    fastSessionStrategy: optional((value) => value === "hybrid" || value === "always"),
    fastSessionMaxInputItems: optional(isPositiveInteger),
    deferFastSessionInputTrimming: optional(isBoolean),
    allowBackgroundResponses: optional(isBoolean),
  },
};

/**
 * Makes a Responses request acceptable to the Codex backend. Resolves to a new body; the given one is not changed, and
 * nothing is fetched; parts that need no change are shared. `store: false` and `stream: true`; a background request keeps `store` and its ids. Rejects with a
 * TypeError on a wrong call, odd input items, or a background request that is not allowed.
 */
export async function transformRequestBody(
  body: RequestBody,
  codexInstructions: string,
  userConfig?: UserConfig,
  codexMode?: boolean,
  fastSession?: boolean,
  fastSessionStrategy?: FastSessionStrategy,
  fastSessionMaxInputItems?: number,
  deferFastSessionInputTrimming?: boolean,
  allowBackgroundResponses?: boolean,
): Promise<CodexRequestBody>;
export async function transformRequestBody(params: TransformRequestBodyParams): Promise<CodexRequestBody>;
export async function transformRequestBody(...args: readonly unknown[]): Promise<CodexRequestBody> {
  const params = namedCall(form, args);
  const { body, codexInstructions, userConfig = {} } = params;
  const isBackground = checkBackground(params);
  const items = readItems(body.input);
  const resolved = body.model === undefined ? { model: "" } : resolveModel(body.model);
  const lowered = params.fastSession
    ? fastOptions(items ?? [], params.fastSessionStrategy ?? "hybrid")
    : undefined;
  const {
    input: _,
    max_output_tokens: __,
    max_completion_tokens: ___,
    providerOptions: ____,
    ...rest
  } = body;
  return {
    ...rest,
    ...(body.model === undefined ? {} : { model: resolved.model }),
    instructions: codexInstructions === "" ? (body.instructions ?? "") : codexInstructions,
    ...(items && { input: isBackground ? items : prepareItems(items, params) }),
    ...(body.tools === undefined ? {} : { tools: cleanTools(body.tools) }),
    ...answerOptions(body, resolved, { userConfig, lowered }),
    store: isBackground,
    stream: true,
  };
}

function prepareItems(items: readonly InputItem[], params: TransformRequestBodyParams): InputItem[] {
  const isTrimmed = params.fastSession && !params.deferFastSessionInputTrimming;
  const kept = isTrimmed ? lastItems(items, params.fastSessionMaxInputItems ?? 30) : items;
  return statelessItems(kept, { hasHistory: typeof params.body["previous_response_id"] === "string" });
}

/** The backend keeps a background response, so storing must not have been refused. */
function checkBackground({ body, allowBackgroundResponses }: TransformRequestBodyParams): boolean {
  if (body.background !== true) return false;
  if (allowBackgroundResponses && body.store !== false) return true;
  const requires = "allowBackgroundResponses, and a store that is not false, for a background request";
  throw wrongCall({ helper: form.helper, requires });
}

function isBody(value: unknown): boolean {
  return isRecord(value) && fieldsPass(value, { model: optional(isText), instructions: optional(isText) });
}
