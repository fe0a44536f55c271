// `codex-auth/proxy`: the rotation proxy, and the renewal that it needs.
export { startRotationProxy } from "./proxy/rotation-proxy.ts";
export type {
  AccountState,
  AccountStatus,
  DecisionRecord,
  NotServed,
  Pin,
  ProxyLimits,
  RotationProxy,
  RotationProxyOptions,
  RotationStatus,
  TokenCounts,
} from "./proxy/options.ts";
export { renewDetached } from "./process/detached-renewal.ts";
export type { RefreshNeed, RefreshOutcome } from "./auth/renew/need.ts";
export type { AgentSettings, Agents, ConnectionAgent } from "./openai/backend.ts";
export type * from "./store.ts";
