import { ownerOf } from "../../store/file-owner.ts";
import type { Check } from "../check.ts";

/** What root writes into the folder of a person, that person's Codex can neither read nor renew. */
export const homeOfAnother: Check = {
  id: "home_of_another_user",
  area: "environment",
  severity: "warning",
  title: "sudo works on the CODEX_HOME of the person who called it",
  look: ({ fx: { env, fs }, paths }) => {
    const caller = env["SUDO_UID"];
    if (!caller || caller === "0") return [];
    const owner = ownerOf(fs, paths.codexHome)?.uid;
    if (owner === undefined || String(owner) !== caller) return [];
    const message = `${paths.codexHome} belongs to ${env["SUDO_USER"] ?? `user ${caller}`}, but this runs as root: files that Codex or codex-auth write now cannot be read by their owner afterwards. Run both without sudo.`;
    return [{ message, evidence: [`owner ${owner}, sudo was called by ${caller}`], fix: null }];
  },
};
