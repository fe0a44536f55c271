import type { Check } from "../check.ts";
import { hostOf } from "./origin-text.ts";

/** OpenAI's services answer with JSON; a page, or a way elsewhere, comes from somebody in between. */
export const networkIntercepted: Check = {
  id: "network_intercepted",
  area: "network",
  severity: "error",
  title: "somebody else answers for OpenAI",
  isLive: true,
  look: async (scene) =>
    (await scene.reached()).flatMap((each) => {
      if (each.kind !== "answered") return [];
      const { url, status, location, isPage } = each;
      const host = hostOf(url);
      const evidence = [`status ${status}${location === null ? "" : `, to ${hostOf(location)}`}`];
      if (status === 407)
        return [
          { message: `A proxy before ${host} wants a user and a password (407).`, evidence, fix: null },
        ];
      if (status >= 300 && status < 400 && location !== null && hostOf(location) !== host) {
        const message = `${host} sends us to another place: the network wants a sign-in of its own (hotel, airport), or a proxy stands between.`;
        return [{ message, evidence, fix: null }];
      }
      if (!isPage) return [];
      const message =
        status === 403 || status === 503
          ? `${host} answers with a page: a browser check stands between this network and OpenAI.`
          : `${host} answers with a page and not with JSON: somebody in between answers (a sign-in of the network, a proxy).`;
      return [{ message, evidence, fix: null }];
    }),
};
