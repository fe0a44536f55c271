import { accountName } from "../../store/account-name.ts";
import { fileCheck } from "../check.ts";
import { dateLine } from "./date-line.ts";

/** As it is after every renewal by Codex; nothing is wrong, but a copy of the pool alone would be out of date. */
export const authFileNewer = fileCheck({
  id: "auth_file_newer",
  area: "credentials",
  severity: "info",
  title: "auth.json holds a newer token than the pool",
  look: ({ login, bytes }, { snapshot }) => {
    if (snapshot?.adoption?.outcome !== "updated" || !login || !bytes) return [];
    const { account } = snapshot.adoption;
    const message = `auth.json holds a newer login of ${accountName(account)} than the pool; the next command takes it in.`;
    return [{ message, evidence: [dateLine("auth.json", login)], fix: "codex auth import" }];
  },
  mend: {
    describe: () => "Take the newer login of auth.json into the pool.",
    // Adoption is the first thing that a transaction does.
    apply: ({ fx }) => fx.store.transaction("fix", () => undefined),
  },
});
