import { type Entry, statusPattern } from "../known-error.ts";

/** Texts that refuse one request, and are no fault of the login or of its quota. */
export const requestEntries: readonly Entry[] = [
  {
    id: "forbidden",
    title: "403: the account may not do this, or the network is blocked",
    says: /access blocked by cloudflare|attention required! \| cloudflare|<title>just a moment/i,
    status: statusPattern(403, "forbidden|just a moment"),
    codes: ["insufficient_permissions", "model_not_allowed"],
    cause:
      "The workspace or plan forbids it, the country is not served, or a browser check (an HTML page) stands between this network and OpenAI.",
    fix: "codex auth doctor --live tells a blocked network from a refused account; codex auth switch <account>. Behind a VPN: switch it off, or use another exit.",
    checks: ["credentials", "network"],
    example: "unexpected status 403 Forbidden: You do not have access to this workspace",
  },
  {
    id: "context_too_long",
    title: "The conversation is longer than the model can read",
    says: /ran out of room in the model|context[ _]window of this model|exceeds the context window|still above the token limit|maximum context length/i,
    codes: ["context_length_exceeded", "contextWindowExceeded"],
    cause: "The thread no longer fits into the context window of the model.",
    fix: "Type /compact or start a new thread.",
    checks: [],
    example:
      "Codex ran out of room in the model's context window. Start a new thread or clear earlier history before retrying.",
  },
  {
    id: "compaction_failed",
    title: "The thread could not be summarized",
    says: /remote compaction v\d expected|compact task: (?:fatal error|unexpected status 404)|running remote compact(?:ion)? task\W{0,3}$/i,
    cause:
      "Codex asks the server to shorten a long thread. That failed: the proxy or provider in config.toml does not support this request, this Codex is too old, or the server failed.",
    fix: "Update Codex (npm install --global @openai/codex@latest); without a base URL of your own in config.toml try again, else start a new thread.",
    checks: ["config"],
    example: 'Error running remote compact task: unexpected status 404 Not Found: {"detail":"Not Found"}',
  },
  {
    id: "encrypted_content",
    title: "The thread holds content that only another account or key can read",
    says: /encrypted content .{0,80}could not be (?:verified|decrypted)/i,
    codes: ["invalid_encrypted_content"],
    explains: ["bad_request"],
    cause:
      "The model's hidden reasoning is encrypted for the account, workspace or key that made it. The thread was started with another one, or through another server.",
    fix: "Use the account that started the thread (codex auth switch <account>), or start a new thread.",
    checks: ["env_override", "config"],
    example:
      '{"error":{"message":"The encrypted content gAAA...GDc= could not be verified.","code":"invalid_encrypted_content"}}',
  },
  {
    id: "reasoning_effort",
    title: "The model does not know this reasoning effort",
    says: /unsupported value: '\w{1,20}' is not supported with the .{1,60}model|invalid reasoning value/i,
    explains: ["bad_request"],
    cause:
      "model_reasoning_effort (config.toml, a flag, or the picker) is a value that this model does not take; the text lists those that it does.",
    fix: "Set model_reasoning_effort in config.toml to one of the values in the text, or remove the line.",
    checks: ["config"],
    example:
      "Unsupported value: 'none' is not supported with the 'gpt-5.1-codex' model. Supported values are: 'low', 'medium', and 'high'.",
  },
  {
    id: "model_unknown",
    title: "Codex does not know the model, or this account may not use it",
    says: /model metadata for|model (?!provider).{0,80}(?:does not exist|is not supported when|not found)|not supported when using codex with a chatgpt|invalid model setting|not a valid model/i,
    codes: ["model_not_found", "model_not_supported_with_chatgpt_account", "modelNotFound"],
    explains: ["bad_request", "endpoint_not_found"],
    cause:
      "The name in model (config.toml or --model) is not in Codex's list, or not for this account. Codex starts all the same; the server decides.",
    fix: "Remove the model line from config.toml to use the default, or choose one with /model; another plan may have it: codex auth switch <account>",
    checks: ["config"],
    example:
      "warning: Model metadata for `no-such-model` not found. Defaulting to fallback metadata; this can degrade performance and cause issues.",
  },
  {
    id: "codex_outdated",
    title: "The Codex on this machine is too old",
    says: /requires a newer version of codex|upgrade to the latest (?:app|version)|unexpected argument '--?[\w-]{1,40}' found.{0,120}usage: codex app-server/i,
    explains: ["bad_request", "model_unknown"],
    cause:
      "The server refuses this version of Codex for the model; or an app is newer than the Codex that it starts.",
    fix: "npm install --global @openai/codex@latest, or choose another model.",
    checks: ["codex_several"],
    example:
      "The 'gpt-5.6-sol' model requires a newer version of Codex. Please upgrade to the latest app or CLI and try again.",
  },
  {
    id: "bad_request",
    title: "400: the server does not accept the request",
    says: /unsupported parameter|missing required parameter|invalid value: '.{1,40}'\. supported values/i,
    status: statusPattern("400|422", "bad request|unprocessable"),
    codes: [
      "unsupported_parameter",
      "unsupported_value",
      "invalid_value",
      "badRequest",
      "invalid_request_error",
      "validation_error",
    ],
    cause:
      "A part of the request is wrong, the same each time: the thread's history, a setting, an old Codex, or a proxy or provider that does not know all that Codex sends.",
    fix: "Start a new thread; update Codex (npm install --global @openai/codex@latest); without that, look at model, model_provider and openai_base_url in config.toml.",
    checks: ["config", "codex_several"],
    example: 'unexpected status 400 Bad Request: {"detail":"Unsupported parameter: previous_response_id"}',
  },
  {
    id: "endpoint_not_found",
    title: "404: the address does not know this request",
    says: /"?route .{0,60}not found|invalid URL \((?:POST|GET) /i,
    status: statusPattern(404, "404 not found"),
    codes: ["not_found"],
    cause:
      "The base URL in config.toml is wrong (often /v1 is missing, or stands twice), the proxy or provider does not serve it, or OpenAI has trouble: a 404 from chatgpt.com itself comes and goes.",
    fix: "From chatgpt.com: try again in some minutes. From another address: correct openai_base_url or base_url in config.toml.",
    checks: ["config", "url_override"],
    example:
      "unexpected status 404 Not Found: Unknown error, url: https://chatgpt.com/backend-api/codex/responses, cf-ray: a355-MAD",
  },
  {
    id: "payload_too_large",
    title: "413: the request is too large",
    says: /payload too large|request entity too large/i,
    status: statusPattern(413, "content too large"),
    codes: ["payload_too_large"],
    cause: "The thread has grown too large for the server or for a proxy on the way, often through pictures.",
    fix: "Type /compact or start a new thread.",
    checks: ["config"],
    example: "unexpected status 413 Payload Too Large: Unknown error",
  },
];
