import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { jwtPayload } from "../../codex/claims.ts";
import { isRecord } from "../../text/json.ts";

/** The moment that the files of the demo were written for; in a copy it is now, so that the demo never ages. */
const writtenForMs = Date.UTC(2026, 10, 20, 12);

/** Copies a CODEX_HOME of the fixtures to a new folder that only this user can read. */
export function copyDemoHome(packageRoot: string, nowMs: number): string {
  const folder = mkdtempSync(join(process.getBuiltinModule("node:os").tmpdir(), "codex-auth-demo-"));
  cpSync(join(packageRoot, "fixtures/homes/demo"), folder, { recursive: true });
  const shiftMs = Math.floor((nowMs - writtenForMs) / 1000) * 1000;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    writeFileSync(path, shiftTimes(readFileSync(path, "utf8"), shiftMs));
  }
  return folder;
}

export function removeDemoHome(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Moves every time in a text: ISO times, the resets of a session log, and the times inside of tokens. */
function shiftTimes(text: string, shiftMs: number): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, (time) =>
      new Date(Date.parse(time) + shiftMs).toISOString(),
    )
    .replace(
      /("resets_at":)(\d+)/g,
      (_, name: string, sec: string) => `${name}${Number(sec) + shiftMs / 1000}`,
    )
    .replace(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, (token) => shiftToken(token, shiftMs / 1000));
}

/** The tokens of the demo are not signed. */
function shiftToken(token: string, shiftSec: number): string {
  const payload = jwtPayload(token);
  if (!isRecord(payload)) return token;
  const { iat, exp } = payload;
  const moved = { ...payload, iat: Number(iat) + shiftSec, exp: Number(exp) + shiftSec };
  const [header = "", , signature = ""] = token.split(".");
  return `${header}.${Buffer.from(JSON.stringify(moved)).toString("base64url")}.${signature}`;
}
