import { redact } from "../errors/redact.ts";
import type { Area } from "./check.ts";

/** The user and the password in an address. */
const userInfo = /(:\/\/)[^/\s@"']{1,300}@/g;

/** A text about files and variables of a person, in which a secret may stand by mistake. */
export function withoutSecrets(text: string): string {
  return redact(text).replace(userInfo, "$1…@");
}

/** The text of a finding. Those of the store name our own files, whose long names would be taken for tokens. */
export function findingText(area: Area, text: string): string {
  return area === "store" ? text : withoutSecrets(text);
}
