import { fileCheck } from "../check.ts";

export const authFileOlder = fileCheck({
  id: "auth_file_older",
  area: "credentials",
  severity: "warning",
  title: "auth.json holds an older token than the pool",
  look: (_, { snapshot }) =>
    snapshot?.adoption?.outcome === "kept"
      ? [
          {
            message: "auth.json holds an older token than the pool.",
            fix: `codex auth switch ${snapshot.adoption.account.id}`,
          },
        ]
      : [],
});
