import { fileCheck } from "../check.ts";

export const authFileBlank = fileCheck({
  id: "auth_file_blank",
  area: "credentials",
  severity: "error",
  title: "auth.json holds no credentials, although Codex calls it logged in",
  look: ({ state, target }) =>
    state === "blank"
      ? [
          {
            message: `${target} holds no credentials, although Codex calls it "logged in".`,
            fix: "codex auth switch <account>",
          },
        ]
      : [],
});
