import { processesOnOldLogin } from "../../store/old-login.ts";
import { poolCheck } from "../check.ts";

export const processOnOldLogin = poolCheck({
  id: "process_on_old_login",
  area: "processes",
  severity: "warning",
  title: "a running Codex keeps the login from before the last switch",
  look: (snapshot, { fx }) => {
    const processes = processesOnOldLogin(fx, snapshot);
    if (processes.length === 0) return [];
    const names = processes.map(({ kind, pid }) => `${kind} ${pid}`).join(", ");
    const message = `Started before the last switch, so on the login of that time: ${names}.`;
    const hasDaemon = processes.some(({ kind }) => kind === "daemon");
    return [{ message, fix: hasDaemon ? "codex app-server daemon restart" : null }];
  },
});
