/** From none to most. Others may come: what is not here is passed on as it is. */
const efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max", "ultra"] as const;
type KnownEffort = (typeof efforts)[number];

export interface ResolvedModel {
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
export function supportedEffort(model: string, wanted: string): string {
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
export function supportedVerbosity(model: string, wanted: string): string {
  return /-codex/.test(model.toLowerCase()) ? "medium" : wanted;
}

/** True for models that take no `reasoning` at all. */
export function hasNoReasoning(model: string): boolean {
  return /^(?:gpt-4|gpt-3|chatgpt-)/.test(model.toLowerCase());
}
