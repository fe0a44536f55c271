import { certificateVariable } from "../../codex/certificate-environment.ts";
import { certificateProblem } from "../../store/certificate-file.ts";
import type { Check } from "../check.ts";

const codexEffect =
  "Codex makes no WebSocket connection with it, loses seconds in every turn, and reconnects without end where the network needs that certificate";
const effects = {
  CODEX_CA_CERTIFICATE: codexEffect,
  SSL_CERT_FILE: codexEffect,
  NODE_EXTRA_CA_CERTS: "codex-auth goes on without it, and fails where the network needs it",
};

/** Codex takes one of its two variables; codex-auth takes that and the one of Node. */
export const caFile: Check = {
  id: "ca_file_unusable",
  area: "environment",
  severity: "warning",
  title: "a variable names a file of certificates that cannot be used",
  look: ({ fx: { env, fs } }) =>
    ([certificateVariable(env), "NODE_EXTRA_CA_CERTS"] as const).flatMap((name) => {
      const path = env[name];
      if (!path) return [];
      const problem = certificateProblem(fs, path);
      if (problem === null) return [];
      return [
        {
          message: `${name} names a file that ${problem}: ${effects[name]}.`,
          evidence: [path],
          fix: `unset ${name}`,
        },
      ];
    }),
};
