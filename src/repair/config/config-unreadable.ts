import type { Check } from "../check.ts";

export const configUnreadable: Check = {
  id: "config_unreadable",
  area: "config",
  severity: "error",
  title: "config.toml has a syntax error",
  look: ({ config: { broken, problem }, paths }) => {
    if (problem) return [{ message: `Codex does not start: ${problem.message}`, fix: null }];
    if (!broken) return [];
    const { line, column, message, excerpt } = broken;
    return [
      {
        message: `Codex does not start: ${paths.configFile}:${line}:${column}: ${message}`,
        evidence: excerpt.split("\n"),
        fix: null,
      },
    ];
  },
};
