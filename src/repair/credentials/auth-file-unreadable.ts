import { fileCheck } from "../check.ts";

export const authFileUnreadable = fileCheck({
  id: "auth_file_unreadable",
  area: "credentials",
  severity: "error",
  title: "auth.json is torn, empty or of another shape",
  look: ({ state, target, problem }) =>
    state === "broken"
      ? [
          {
            message: `${target} cannot be read: ${problem}.`,
            fix: "codex auth switch <account> --replace-broken",
          },
        ]
      : [],
});
