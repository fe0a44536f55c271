/** From none to most. */
export const efforts = ["none", "minimal", "low", "medium", "high", "xhigh"] as const;
export type ReasoningEffort = (typeof efforts)[number];

export const verbosities = ["low", "medium", "high"] as const;
export type TextVerbosity = (typeof verbosities)[number];

export interface ResolvedModel {
  readonly model: string;
  /** The effort that the name asked for: `gpt-5.5-high`. */
  readonly effort?: ReasoningEffort | undefined;
}

const aliases: ReadonlyMap<string, string> = new Map([
  ["gpt5", "gpt-5"],
  ["gpt-5-chat-latest", "gpt-5"],
  ["gpt-5-codex-mini", "gpt-5.1-codex-mini"],
  ["codex-mini-latest", "gpt-5.1-codex-mini"],
]);

const abilities: readonly [RegExp, readonly ReasoningEffort[]][] = [
  [/^gpt-5\.1-codex-mini/, ["medium", "high"]],
  [/^gpt-5(?:\.1)?-codex-max|^gpt-5\.[2-9]\d*-codex/, ["low", "medium", "high", "xhigh"]],
  [/^gpt-5(?:\.1)?-codex/, ["low", "medium", "high"]],
  [/^gpt-5\.1(?:-|$)/, ["none", "low", "medium", "high"]],
  [/^gpt-5\.[2-9]/, ["none", "low", "medium", "high", "xhigh"]],
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
  const suffix = /^(gpt-\d[\w.-]*|o\d[\w.-]*|codex-[\w.-]+)-(none|minimal|low|medium|high|xhigh)$/i.exec(
    bare,
  );
  const [, base, wanted] = suffix ?? [];
  const effort = efforts.find((each) => each === wanted?.toLowerCase());
  if (base === undefined || effort === undefined) return { model: bare === "" ? name : bare };
  return { model: aliases.get(base.toLowerCase()) ?? base, effort };
}

/** The effort itself, or the nearest that the model has; of two equally near ones the greater. */
export function supportedEffort(model: string, wanted: ReasoningEffort): ReasoningEffort {
  const known = abilities.find(([pattern]) => pattern.test(model.toLowerCase()))?.[1];
  if (!known || known.includes(wanted)) return wanted;
  const rank = (effort: ReasoningEffort) => efforts.indexOf(effort);
  const distance = (effort: ReasoningEffort) => Math.abs(rank(effort) - rank(wanted));
  return known.reduce((best, each) => (distance(each) <= distance(best) ? each : best));
}

/** Codex models write at one verbosity only. */
export function supportedVerbosity(model: string, wanted: TextVerbosity): TextVerbosity {
  return /-codex/.test(model.toLowerCase()) ? "medium" : wanted;
}

/** True for models that take no `reasoning` at all. */
export function hasNoReasoning(model: string): boolean {
  return /^(?:gpt-4|gpt-3|chatgpt-)/.test(model.toLowerCase());
}
