import { lockHelperProblem } from "../../store/codex-locks.ts";
import { programsOnPath } from "../../store/programs.ts";
import type { Check } from "../check.ts";

const failing = {
  message: "The program flock is there, but cannot be run: every command that writes auth.json is refused.",
  fix: "ls -l /bin/sh $(command -v flock)",
  severity: "error",
} as const;

/** Where we cannot take Codex's own locks, a last look before each write is all the protection there is. */
export const locksNotShared: Check = {
  id: "locks_not_shared",
  area: "store",
  severity: "warning",
  title: "the locks of Codex cannot be taken here",
  look: async ({ fx: { fs, env, platform } }) => {
    const message =
      "Codex's own locks cannot be taken here: a save of Codex at the very same moment could be overwritten";
    if (platform !== "linux") {
      const evidence = [`system: ${platform}, which has no flock program`];
      return [
        {
          message: `${message}. Each file is compared right before it is replaced.`,
          evidence,
          fix: null,
          severity: "info",
        },
      ];
    }
    const path = env["PATH"] ?? "";
    if (path === "") return { skipped: "there is no PATH" };
    if (programsOnPath(fs, path, ["flock"]).length > 0) {
      const problem = await lockHelperProblem({ fs });
      return problem === null ? [] : [{ ...failing, evidence: [problem] }];
    }
    const evidence = ["no program flock in PATH"];
    return [{ message: `${message}.`, evidence, fix: "sudo apt-get install util-linux" }];
  },
};
