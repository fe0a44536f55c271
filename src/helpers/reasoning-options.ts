import { defined, field } from "../errors/json-value.ts";
import { hasNoReasoning, supportedEffort, supportedVerbosity } from "./model-name.ts";
import type { ResolvedModel } from "./model-name.ts";
import type { ModelOptions, RequestBody, UserConfig } from "./request-body.ts";

const encrypted = "reasoning.encrypted_content";

/** What a fast session asks for, when it lowers a request. */
export interface LoweredOptions {
  readonly effort: string;
  readonly verbosity: string;
}

/**
 * The fields `reasoning`, `text` and `include` of the request, and those that only configure it. Body before provider
 * options before the model's configuration before the global one before the default, then brought to what the model
 * supports. A value that nobody knows is upstream's to judge.
 */
export function answerOptions(
  body: RequestBody,
  { model, effort: named }: ResolvedModel,
  { userConfig, lowered }: { userConfig: UserConfig; lowered?: LoweredOptions | undefined },
): { reasoning?: object; text: object; include: string[]; [field: string]: unknown } {
  const layers = layersOf(body, model, userConfig);
  const wantedEffort = firstText([bodyField(body, "reasoning", "effort"), named, ...layers.map(effortOf)]);
  const wantedVerbosity = firstText([bodyField(body, "text", "verbosity"), ...layers.map(verbosityOf)]);
  const effort = supportedEffort(model, lowered?.effort ?? wantedEffort ?? "medium");
  const verbosity = supportedVerbosity(model, lowered?.verbosity ?? wantedVerbosity ?? "medium");
  const summary = firstText([bodyField(body, "reasoning", "summary"), ...layers.map(summaryOf)]) ?? "auto";
  return {
    ...(hasNoReasoning(model) ? {} : { reasoning: { ...objectOf(body.reasoning), effort, summary } }),
    text: { ...objectOf(body.text), verbosity },
    include: includes(body, layers),
    ...configured(body, layers),
  };
}

function layersOf(body: RequestBody, model: string, { models, global }: UserConfig): ModelOptions[] {
  const provider = field(body.providerOptions, "openai");
  const perModel = [body.model, model].map((name) => field(field(models, name ?? ""), "options"));
  return [provider, ...perModel, global].map((layer) => (typeof layer === "object" && layer ? layer : {}));
}

const effortOf = (layer: ModelOptions) => layer.reasoningEffort;
const summaryOf = (layer: ModelOptions) => layer.reasoningSummary;
const verbosityOf = (layer: ModelOptions) => layer.textVerbosity;

function firstText(values: readonly unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === "string" && value !== "");
}

/** Options that are fields of the request under another name. */
const configurable = [
  ["promptCacheRetention", "prompt_cache_retention"],
  ["promptCacheKey", "prompt_cache_key"],
  ["serviceTier", "service_tier"],
] as const;

function configured(body: RequestBody, layers: readonly ModelOptions[]): Record<string, unknown> {
  const pairs = configurable.map(([option, name]) => {
    return [name, body[name] ?? firstText(layers.map((layer) => layer[option]))];
  });
  return defined(Object.fromEntries(pairs));
}

function includes(body: RequestBody, layers: readonly ModelOptions[]): string[] {
  const wanted = [body.include, ...layers.map((layer) => layer.include)].find((each) => Array.isArray(each));
  const texts = (wanted ?? []).filter((each: unknown) => typeof each === "string");
  return [...new Set([...texts, encrypted])];
}

function bodyField(body: RequestBody, part: "reasoning" | "text", key: string): unknown {
  return field(body[part], key);
}

function objectOf(value: unknown): object {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? defined(value) : {};
}
