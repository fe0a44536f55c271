import { networkInterfaces } from "node:os";

/** Stops before the first test where the real Codex could reach the network. */
export default function requireCutNetwork(): void {
  const outside = Object.keys(networkInterfaces()).filter((name) => name !== "lo");
  if (outside.length === 0) return;
  throw new Error(`The network is not cut (${outside.join(", ")}). Start these tests with: npm run e2e`);
}
