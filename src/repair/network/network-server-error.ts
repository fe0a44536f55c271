import type { Check } from "../check.ts";
import { hostOf, purposes } from "./origin-text.ts";

export const networkServerError: Check = {
  id: "network_server_error",
  area: "network",
  severity: "warning",
  title: "a service of OpenAI answers with a server error",
  isLive: true,
  look: async (scene) =>
    (await scene.reached()).flatMap((each) => {
      if (each.kind !== "answered" || each.status < 500 || each.isPage) return [];
      const message = `${hostOf(each.url)} fails (${each.status}); ${purposes[each.origin]} may fail too. The network is fine: wait.`;
      return [{ message, fix: null }];
    }),
};
