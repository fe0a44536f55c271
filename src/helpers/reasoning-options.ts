import { defined, field } from "../errors/json-value.ts";
import { efforts, hasNoReasoning, supportedEffort, supportedVerbosity, verbosities } from "./model-name.ts";
import type { ReasoningEffort, ResolvedModel, TextVerbosity } from "./model-name.ts";
import type { ModelOptions, RequestBody, UserConfig } from "./request-body.ts";

const encrypted = "reasoning.encrypted_content";
const summaries = ["auto", "concise", "detailed"] as const;

/** What a fast session asks for, when it lowers a request. */
export interface LoweredOptions {
  readonly effort: ReasoningEffort;
  readonly verbosity: TextVerbosity;
}

/**
 * The fields `reasoning`, `text` and `include` of the request. Body before provider options before the model's
 * configuration before the global one before the default, then brought to what the model supports.
 */
export function answerOptions(
  body: RequestBody,
  { model, effort: named }: ResolvedModel,
  { userConfig, lowered }: { userConfig: UserConfig; lowered?: LoweredOptions | undefined },
): { reasoning?: object; text: object; include: string[] } {
  const layers = layersOf(body, model, userConfig);
  const wantedEffort = pick(efforts, [
    bodyField(body, "reasoning", "effort"),
    named,
    ...layers.map(effortOf),
  ]);
  const wantedVerbosity = pick(verbosities, [
    bodyField(body, "text", "verbosity"),
    ...layers.map(verbosityOf),
  ]);
  const effort = supportedEffort(model, lowered?.effort ?? wantedEffort ?? "medium");
  const verbosity = supportedVerbosity(model, lowered?.verbosity ?? wantedVerbosity ?? "medium");
  const summary =
    pick(summaries, [bodyField(body, "reasoning", "summary"), ...layers.map(summaryOf)]) ?? "auto";
  return {
    ...(hasNoReasoning(model) ? {} : { reasoning: { ...objectOf(body.reasoning), effort, summary } }),
    text: { ...objectOf(body.text), verbosity },
    include: includes(body, layers),
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

/** The first value that the backend knows. */
function pick<T extends string>(known: readonly T[], values: readonly unknown[]): T | undefined {
  for (const value of values) {
    const found = known.find((each) => each === value);
    if (found !== undefined) return found;
  }
  return undefined;
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
