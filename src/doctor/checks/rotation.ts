import { formatPath } from "../../codex/config/toml.ts";
import { providerBaseUrl } from "../../codex/models.ts";
import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { baseUrlOfProcess, foreignListener } from "../../machine/ports.ts";
import type { RotationReading } from "../../store/files/rotation.ts";
import type { Store } from "../../store/store.ts";
import type { DoctorCheck, FoundFault } from "../check.ts";
import type { Facts } from "../facts.ts";
import { placeOf, takeOut } from "./config-edit.ts";
import { loopbackPort } from "./config-providers.ts";

/** A Codex that was told the address waits for an answer there, and never gives up. */
export const rotationKilled: DoctorCheck = {
  id: "rotation_killed",
  area: "store",
  severity: "warning",
  title: "the rotation proxy was killed",
  look: ({ ctx: { store } }) => {
    const found = readEntry(store);
    if (found?.liveness !== "dead") return [];
    const { port, process } = found.entry;
    return [
      {
        message: `The rotation proxy on port ${port} was killed. A Codex that uses it waits until one answers there again.`,
        evidence: [
          `process ${process.pid}, which has ended`,
          `to answer there again: codex auth rotation start --port ${port}`,
        ],
        command: "codex auth fix",
        fix: {
          does: "Remove the record of the rotation proxy that was killed.",
          apply: () => store.rotation.sweep(),
        },
      },
    ];
  },
};

export const rotationSuspended: DoctorCheck = {
  id: "rotation_suspended",
  area: "store",
  severity: "warning",
  title: "the rotation proxy is suspended",
  look: ({ ctx: { store } }) => {
    const found = readEntry(store);
    if (found?.isSuspended !== true) return [];
    const { port, process } = found.entry;
    const message = `The rotation proxy on port ${port} is suspended, as by Ctrl-Z: whoever uses it waits.`;
    return [{ message, evidence: [`process ${process.pid}`], command: `kill -CONT ${process.pid}` }];
  },
};

/** Null also for an entry that cannot be read, which has a check of its own. */
function readEntry({ rotation }: Store): RotationReading | null {
  try {
    return rotation.read();
  } catch (error) {
    if (error instanceof CodexAuthError) return null;
    throw error;
  }
}

interface Sent {
  url: string;
  evidence: readonly string[];
  command: string | null;
}

/** After `rotation stop` the port is free for any user, and a Codex that still has the address asks there. */
export const baseUrlForeign: DoctorCheck = {
  id: "base_url_foreign",
  area: "processes",
  severity: "error",
  title: "Codex is sent to a port of this machine that another user holds",
  look: (facts) => {
    const { fs, platform } = facts.ctx;
    if (platform !== "linux") return { skipped: "this system does not tell who listens" };
    return [...fromConfig(facts), ...fromEnvironment(facts), ...fromProcesses(facts)].flatMap((sent) => {
      const port = loopbackPort(sent.url);
      const uid = port === null ? null : foreignListener(fs, port);
      return uid === null ? [] : [foundFault(sent, `${port}`, uid)];
    });
  },
};

function foundFault({ evidence, command }: Sent, port: string, uid: number): FoundFault {
  const message = `Port ${port} of this machine is held by another user (uid ${uid}), and Codex is sent there: that user gets its access token and whatever it sends.`;
  return { message, evidence: [...evidence], command };
}

function fromConfig(facts: Facts): Sent[] {
  const { tree } = facts.config;
  const base = tree && providerBaseUrl(tree);
  if (!base) return [];
  const evidence = [...placeOf(facts, base.path), `${formatPath(base.path)} leads there`];
  return [{ url: base.url, evidence, command: takeOut(facts, base.path) }];
}

function fromEnvironment({ ctx: { env } }: Facts): Sent[] {
  const url = env["OPENAI_BASE_URL"];
  return url ? [{ url, evidence: ["OPENAI_BASE_URL leads there"], command: "unset OPENAI_BASE_URL" }] : [];
}

function fromProcesses({ ctx: { fs, processes } }: Facts): Sent[] {
  return (processes() ?? []).flatMap(({ pid }) => {
    const url = baseUrlOfProcess(fs, pid);
    return url === null
      ? []
      : [{ url, evidence: [`process ${pid} was started with it`], command: `kill ${pid}` }];
  });
}
