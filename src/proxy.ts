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
export { renewDetached } from "./platform/detached-renewal.ts";
export type { RefreshNeed, RefreshOutcome } from "./auth/renewal-words.ts";
export type { AgentSettings, Agents, ConnectionAgent } from "./upstream/agents.ts";
export type * from "./store.ts";
