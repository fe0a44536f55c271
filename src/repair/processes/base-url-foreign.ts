import { formatPath } from "../../codex/config-toml.ts";
import { providerBaseUrl } from "../../codex/providers.ts";
import { baseUrlOfProcess, foreignListener } from "../../store/port-holder.ts";
import type { Check, Sighting } from "../check.ts";
import { loopbackPort } from "../config/base-url-checks.ts";
import { placeOf, takeOut } from "../config/config-text.ts";
import type { Scene } from "../scene.ts";

interface Sent {
  url: string;
  evidence: readonly string[];
  fix: string | null;
}

/** After `rotation stop` the port is free for any user, and a Codex that still has the address asks there. */
export const baseUrlForeign: Check = {
  id: "base_url_foreign",
  area: "processes",
  severity: "error",
  title: "Codex is sent to a port of this machine that another user holds",
  look: (scene) => {
    const { fs, platform } = scene.fx;
    if (platform !== "linux") return { skipped: "this system does not tell who listens" };
    return [...fromConfig(scene), ...fromEnvironment(scene), ...fromProcesses(scene)].flatMap((sent) => {
      const port = loopbackPort(sent.url);
      const uid = port === null ? null : foreignListener(fs, port);
      return uid === null ? [] : [sighting(sent, `${port}`, uid)];
    });
  },
};

function sighting({ evidence, fix }: Sent, port: string, uid: number): Sighting {
  const message = `Port ${port} of this machine is held by another user (uid ${uid}), and Codex is sent there: that user gets its access token and whatever it sends.`;
  return { message, evidence: [...evidence], fix };
}

function fromConfig(scene: Scene): Sent[] {
  const { tree } = scene.config;
  const base = tree && providerBaseUrl(tree);
  if (!base) return [];
  const evidence = [...placeOf(scene, base.path), `${formatPath(base.path)} leads there`];
  return [{ url: base.url, evidence, fix: takeOut(scene, base.path) }];
}

function fromEnvironment({ fx: { env } }: Scene): Sent[] {
  const url = env["OPENAI_BASE_URL"];
  return url ? [{ url, evidence: ["OPENAI_BASE_URL leads there"], fix: "unset OPENAI_BASE_URL" }] : [];
}

function fromProcesses({ fx: { fs, processes } }: Scene): Sent[] {
  return (processes() ?? []).flatMap(({ pid }) => {
    const url = baseUrlOfProcess(fs, pid);
    return url === null
      ? []
      : [{ url, evidence: [`process ${pid} was started with it`], fix: `kill ${pid}` }];
  });
}
