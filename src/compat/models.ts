import { defined, field } from "../text/json.ts";
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

/** From none to most. Others may come: what is not here is passed on as it is. */
const efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max", "ultra"] as const;
type KnownEffort = (typeof efforts)[number];

interface ResolvedModel {
  readonly model: string;
  /** The effort that the name asked for: `gpt-5.5-high`. */
  readonly effort?: string | undefined;
}

const aliases: ReadonlyMap<string, string> = new Map([
  ["gpt5", "gpt-5"],
  ["gpt-5-chat-latest", "gpt-5"],
  ["gpt-5-codex-mini", "gpt-5.1-codex-mini"],
  ["codex-mini-latest", "gpt-5.1-codex-mini"],
]);

// Old models, which will not learn more. Of the others upstream knows what they can do.
const abilities: readonly [RegExp, readonly KnownEffort[]][] = [
  [/^gpt-5\.1-codex-mini/, ["medium", "high"]],
  [/^gpt-5(?:\.1)?-codex-max|^gpt-5\.[2-5]-codex/, ["low", "medium", "high", "xhigh"]],
  [/^gpt-5(?:\.1)?-codex/, ["low", "medium", "high"]],
  [/^gpt-5\.1(?:-|$)/, ["none", "low", "medium", "high"]],
  [/^gpt-5\.[2-5](?:-|$)/, ["none", "low", "medium", "high", "xhigh"]],
  [/^gpt-5(?:-|$)/, ["minimal", "low", "medium", "high"]],
];

/**
 * The model that a name means: a `provider/` prefix goes, an effort suffix of an OpenAI model becomes the effort, an
 * alias maps. A name that is not known stays as it is.
 */
export function resolveModel(name: string): ResolvedModel {
  const bare = name.slice(name.lastIndexOf("/") + 1);
  const alias = aliases.get(bare.toLowerCase());
  if (alias !== undefined) return { model: alias };
  const [, base, wanted] = suffixed.exec(bare) ?? [];
  const effort = efforts.find((each) => each === wanted?.toLowerCase());
  // `gpt-5.1-codex-max` is a model.
  const isName = effort === "max" && base?.toLowerCase().endsWith("-codex");
  if (base === undefined || effort === undefined || isName) return { model: bare === "" ? name : bare };
  return { model: aliases.get(base.toLowerCase()) ?? base, effort };
}

const suffixed = /^(gpt-(?:\d|daybreak-)[\w.-]*|o\d[\w.-]*|codex-[\w.-]+)-([a-z]+)$/i;

/** The effort itself, or of an old model the nearest that it has; of two equally near ones the greater. */
function supportedEffort(model: string, wanted: string): string {
  const known = abilities.find(([pattern]) => pattern.test(model.toLowerCase()))?.[1];
  const rankWanted = rankOf(wanted);
  if (!known || rankWanted < 0 || known.some((each) => each === wanted)) return wanted;
  const distance = (effort: KnownEffort) => Math.abs(rankOf(effort) - rankWanted);
  return known.reduce((best, each) => (distance(each) <= distance(best) ? each : best));
}

/** Negative for an effort that is not known. */
function rankOf(effort: string): number {
  return efforts.findIndex((each) => each === effort);
}

/** Codex models write at one verbosity only. */
function supportedVerbosity(model: string, wanted: string): string {
  return /-codex/.test(model.toLowerCase()) ? "medium" : wanted;
}

/** True for models that take no `reasoning` at all. */
function hasNoReasoning(model: string): boolean {
  return /^(?:gpt-4|gpt-3|chatgpt-)/.test(model.toLowerCase());
}
