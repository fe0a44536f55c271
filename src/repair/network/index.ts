import type { Check } from "../check.ts";
import { clockSkewed } from "./clock-skewed.ts";
import { loginRefused } from "./login-refused.ts";
import { workspaceUnroutable } from "./workspace-unroutable.ts";
import { networkIntercepted } from "./network-intercepted.ts";
import { networkServerError } from "./network-server-error.ts";
import { networkUnreachable } from "./network-unreachable.ts";
import { proxyDead } from "./proxy-dead.ts";
import { websocketBlocked } from "./websocket-blocked.ts";

export const networkChecks: readonly Check[] = [
  proxyDead,
  networkUnreachable,
  networkIntercepted,
  networkServerError,
  websocketBlocked,
  clockSkewed,
  loginRefused,
  workspaceUnroutable,
];
