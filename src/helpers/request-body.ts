/** One item of a Responses input: a message, a call, an output. Fields that are not known are kept. */
export type InputItem = Readonly<Record<string, unknown>>;

/** A Responses request. Only what the helper looks at is named; every other field is kept. */
export interface RequestBody {
  readonly model?: string | undefined;
  readonly input?: unknown;
  readonly tools?: unknown;
  readonly instructions?: string | undefined;
  readonly reasoning?: unknown;
  readonly text?: unknown;
  readonly include?: unknown;
  readonly background?: boolean | undefined;
  readonly store?: boolean | undefined;
  /** `providerOptions.openai` holds `ModelOptions`. */
  readonly providerOptions?: unknown;
  readonly [field: string]: unknown;
}

/** What the transformed body has for certain. */
export interface CodexRequestBody {
  readonly model?: string | undefined;
  readonly stream: true;
  readonly store: boolean;
  readonly instructions: string;
  readonly include: readonly string[];
  readonly input?: readonly InputItem[] | undefined;
  readonly [field: string]: unknown;
}

export interface ModelOptions {
  readonly reasoningEffort?: string | undefined;
  readonly reasoningSummary?: string | undefined;
  readonly textVerbosity?: string | undefined;
  readonly include?: readonly string[] | undefined;
  readonly promptCacheRetention?: string | undefined;
  readonly promptCacheKey?: string | undefined;
  readonly serviceTier?: string | undefined;
}

/** Options for every model, and for some by name. */
export interface UserConfig {
  readonly global?: ModelOptions | undefined;
  readonly models?:
    | Readonly<Record<string, { readonly options?: ModelOptions | undefined } | undefined>>
    | undefined;
}
