// Weekly quota in units of a Plus account, from public tables and observation.
const planSizes: ReadonlyMap<string, number> = new Map([
  ["plus", 1],
  ["team", 1],
  ["business", 1],
  ["edu", 1],
  ["prolite", 5],
  ["pro", 20 / 3],
  ["enterprise", 20 / 3],
  ["go", 0.3],
  ["free", 0.15],
]);

/** The size of a plan's quota, Plus = 1. A plan that is unknown or not reported counts as Plus. */
export function planSize(plan: string | null): number {
  return plan === null ? 1 : (planSizes.get(plan) ?? 1);
}

/** Whether we know how large the plan is. */
export function isKnownPlan(plan: string): boolean {
  return planSizes.has(plan);
}
