const mark = "[redacted]";
// A run that could be a token. Matching is greedy with nothing behind it, so the scan is linear.
const run = /[A-Za-z0-9_.~+=%-]{12,}/g;
const secretField =
  /("(?:access_token|refresh_token|id_token|api_key|apiKey|OPENAI_API_KEY|personal_access_token|code_verifier|authorization|cookie)"\s*:\s*")[^"]*/gi;
const secretParameter =
  /([?&]code|\b(?:access_token|refresh_token|id_token|client_secret|code_verifier|api_key))=[^\s&"']+/gi;
const bearer = /\b(bearer)[ \t]+[^\s"',;]+/gi;
const basic = /\b(basic)[ \t]+[A-Za-z0-9+/=]{8,}/gi;
const cookieHeader = /\b((?:set-)?cookie):[^\n]*/gi;

/** The text with every token, key, cookie and authorization value replaced. Ids of requests stay readable. */
export function redact(text: string): string {
  return text
    .replace(secretField, `$1${mark}`)
    .replace(secretParameter, `$1=${mark}`)
    .replace(cookieHeader, `$1: ${mark}`)
    .replace(bearer, `$1 ${mark}`)
    .replace(basic, `$1 ${mark}`)
    .replace(run, (found) => (isSecret(found) ? mark : found));
}

function isSecret(found: string): boolean {
  const start = found.replace(/^[.~+=%-]+/, "");
  if (/^(?:sk|rt|sess)[-_]/.test(start)) return true;
  if (/^at[-_]/.test(start) && start.length >= 20) return true;
  // "eyJ" opens the header of a JWT; the others are that, "rt_", "rt-", "sk-" and "at-" once more in base64.
  if (/^(?:eyJ|ZXlK|cnRf|cnQt|c2st|YXQt)/.test(start)) return true;
  return isOpaque(start) || /=(?:sk|rt|at)[-_]|=eyJ/.test(start);
}

/** Long, and of a mixture that no word, id or path segment has. */
function isOpaque(text: string): boolean {
  return text.length >= 48 && /[a-z]/.test(text) && /[A-Z]/.test(text) && /[0-9]/.test(text);
}
