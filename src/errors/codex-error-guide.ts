import type { CodexErrorInfoName } from "./codex-error-info.ts";

/** What a class of failures means to a program that drives Codex, and what it does best. */
export interface CodexErrorAdvice {
  readonly meaning: string;
  /** What a client does, as a sentence. */
  readonly action: string;
  /** `retry`: the same again, later; `rotate`: another account; `login`: a person signs in; `change`: another request or setting; `stop`. */
  readonly next: "retry" | "rotate" | "login" | "change" | "stop";
}

/** Every class of `CodexErrorInfo`, with the action that a client should take. */
export const codexErrorGuide: Readonly<Record<CodexErrorInfoName, CodexErrorAdvice>> = {
  contextWindowExceeded: advice(
    "The thread is longer than the model can read.",
    "change",
    "Compact the thread, or start a new one.",
  ),
  sessionBudgetExceeded: advice(
    "The budget that was set for the session is spent.",
    "change",
    "Raise the budget, or start a new session.",
  ),
  usageLimitExceeded: advice(
    "A window, quota, spend cap or plan of the account is used up.",
    "rotate",
    "Use another account, or wait for the reset that the message names.",
  ),
  rateLimitExceeded: advice("Requests come too fast.", "retry", "Wait a moment and send the turn again."),
  flexUnavailable: advice(
    "There is no room for requests of the flex tier.",
    "change",
    "Send the turn without the flex tier, or later.",
  ),
  serverOverloaded: advice(
    "The model is at capacity.",
    "rotate",
    "Try another account or model, or wait some minutes.",
  ),
  modelNotFound: advice("The account does not know the model.", "change", "Choose another model."),
  policyCapacityUnavailable: advice(
    "The capacity that the workspace's policy allows is taken.",
    "retry",
    "Wait, or use an account outside the workspace.",
  ),
  inferenceHookDenied: advice(
    "A hook of the workspace refused the request.",
    "stop",
    "Show the message; only the administrator can change it.",
  ),
  cyberPolicy: advice(
    "A safety check takes the request for a cybersecurity risk.",
    "stop",
    "Show the message; do not retry.",
  ),
  bioPolicy: advice(
    "A safety check takes the request for a biological risk.",
    "stop",
    "Show the message; do not retry.",
  ),
  misalignmentPolicyViolation: advice(
    "A safety check stopped the turn.",
    "stop",
    "Show the message; do not retry.",
  ),
  tooManyDenials: advice(
    "Too many actions were refused in a row.",
    "stop",
    "Let a person look at what was refused.",
  ),
  internalServerError: advice("The server failed.", "retry", "Send the turn again after a pause."),
  unauthorized: advice(
    "The login was refused and could not be renewed.",
    "login",
    "Use another account, and let a person sign in again.",
  ),
  badRequest: advice(
    "The request is wrong, or does not fit the state of the thread.",
    "change",
    "Correct it; the same one fails again.",
  ),
  threadRollbackFailed: advice(
    "The thread could not be taken back to an earlier turn.",
    "change",
    "Read the thread again, then choose another turn.",
  ),
  sandboxError: advice(
    "The sandbox could not run a command.",
    "change",
    "Change the sandbox mode, or repair the sandbox of this machine.",
  ),
  other: advice("A failure without a class.", "stop", "Show the message; it says what happened."),
  httpConnectionFailed: advice(
    "No connection, or an HTTP status that ended the attempts.",
    "retry",
    "Look at the status: 401 needs a login, 403 another account, none or 5xx a pause.",
  ),
  responseStreamConnectionFailed: advice(
    "The stream of the answer could not be opened.",
    "retry",
    "Send the turn again after a pause.",
  ),
  responseStreamDisconnected: advice(
    "The stream broke before the answer was complete.",
    "retry",
    "Wait while willRetry is true, else send the turn again.",
  ),
  responseTooManyFailedAttempts: advice(
    "Codex gave up after its retries.",
    "rotate",
    "With status 429 use another account; else wait and send the turn again.",
  ),
  activeTurnNotSteerable: advice(
    "A review or a compaction runs, which takes no further input.",
    "retry",
    "Wait until it has ended, then send the input.",
  ),
};

function advice(meaning: string, next: CodexErrorAdvice["next"], action: string): CodexErrorAdvice {
  return { meaning, next, action };
}
