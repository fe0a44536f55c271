import type { Choice, ChoiceState } from "./choice.ts";

/**
 * The first of the renewals that a request may wait for when nobody else can serve it; null when there is none. Only of
 * accounts that are in the choice and have not failed it.
 */
export function renewalFor(
  { logins }: Pick<ChoiceState, "logins">,
  { ranking }: Choice,
  triedIds: ReadonlySet<string>,
): Promise<void> | null {
  const waiting = ranking.ranked.flatMap(({ id, tier }) => {
    const renewal = triedIds.has(id) || tier === "unusable" ? undefined : logins.needed.get(id);
    return renewal === undefined ? [] : [renewal];
  });
  return waiting.length === 0 ? null : Promise.race(waiting);
}
