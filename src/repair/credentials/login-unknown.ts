import { adopt } from "../../store/adopt.ts";
import type { Draft } from "../../store/store.ts";
import { fileCheck } from "../check.ts";
import { hiddenLogin } from "./login-ambiguous.ts";

export const loginUnknown = fileCheck({
  id: "login_unknown",
  area: "credentials",
  severity: "warning",
  title: "the login in auth.json is not in the pool",
  look: ({ login }, { snapshot }) => {
    if (!login || !snapshot || snapshot.active || hiddenLogin(login)) return [];
    const message = `The login in auth.json (${login.email ?? login.kind}) is not in the pool.`;
    return [{ message, fix: "codex auth import" }];
  },
  mend: {
    describe: ({ live }) =>
      `Take the login in auth.json (${live?.login?.email ?? live?.login?.kind}) into the pool.`,
    apply: ({ fx, nowMs }) => fx.store.transaction("fix", (draft) => takeLiveLogin(draft, nowMs)),
  },
});

export function takeLiveLogin({ pool, live }: Draft, nowMs: number): void {
  if (live.login) adopt(pool, live.login, { nowMs, tie: "login" });
}
