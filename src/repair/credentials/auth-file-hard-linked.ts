import { fileCheck } from "../check.ts";

export const authFileHardLinked = fileCheck({
  id: "auth_file_hard_linked",
  area: "credentials",
  severity: "error",
  title: "auth.json is a hard link",
  look: ({ isHardLinked, target }) =>
    isHardLinked
      ? [
          {
            message: `${target} is a hard link: Codex renews its token, but cannot save it.`,
            fix: `cp -p '${target}' '${target}.copy' && mv '${target}.copy' '${target}'`,
          },
        ]
      : [],
});
