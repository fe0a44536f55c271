import { tornRescues } from "../../store/leftovers.ts";
import type { Check } from "../check.ts";

/** The token before it is spent; only a new login helps. */
export const rescueTorn: Check = {
  id: "rescue_torn",
  area: "store",
  severity: "warning",
  title: "new tokens of a killed renewal are torn",
  look: ({ fx, paths }) =>
    tornRescues(fx.fs, paths).map((path) => ({
      message: `A renewal was killed while it saved its new tokens, and ${path} is torn.`,
      fix: `codex auth login --account ${/rescue-([0-9a-f]+)-/.exec(path)?.[1]}`,
    })),
};
