import { entryKey, entryName, entryProblem, loginInEntry, takeBackEntry } from "../../store/entries.ts";
import { poolCheck } from "../check.ts";
import { withoutSecrets } from "../without-secrets.ts";

/** The others go on working; what cannot be read stays in the file as it is. */
export const entriesSetAside = poolCheck({
  id: "entries_set_aside",
  area: "store",
  severity: "warning",
  title: "an entry of pool.json cannot be read",
  look: ({ pool }, { paths }) =>
    pool.setAside.map((entry, index) => {
      const name = shownName(entry) ?? `number ${index + 1} of those`;
      const canMend = loginInEntry(entry) !== null;
      const message = `The entry ${name} in ${paths.poolFile} cannot be read, so it is not used.`;
      const fix = canMend ? "codex auth fix" : "codex auth login";
      return { message, evidence: [entryProblem(entry, pool)], fix, canMend, target: entryKey(entry) };
    }),
  mend: {
    describe: ({ snapshot }, { target }) => {
      const entry = snapshot?.pool.setAside.find((each) => entryKey(each) === target);
      return `Take the login of the entry ${shownName(entry) ?? ""} into the pool again, without the fields that cannot be read.`;
    },
    apply: ({ fx, nowMs }, { target = "" }) =>
      fx.store.transaction("fix", (draft) => takeBackEntry(draft, target, nowMs)),
  },
});

/** In a damaged entry anything may stand where the name should. */
function shownName(entry: unknown): string | null {
  const name = entryName(entry);
  return name === null ? null : withoutSecrets(name);
}
