import { entryName, entryProblem, loginInEntry, takeBackEntries } from "../../store/entries.ts";
import { poolCheck } from "../check.ts";

/** The others go on working; what cannot be read stays in the file as it is. */
export const entriesSetAside = poolCheck({
  id: "entries_set_aside",
  area: "store",
  severity: "warning",
  title: "an entry of pool.json cannot be read",
  look: ({ pool }, { paths }) =>
    pool.setAside.map((entry, index) => {
      const name = entryName(entry) ?? `number ${index + 1} of those`;
      const canMend = loginInEntry(entry) !== null;
      const message = `The entry ${name} in ${paths.poolFile} cannot be read, so it is not used.`;
      const fix = canMend ? "codex auth fix" : "codex auth login";
      return { message, evidence: [entryProblem(entry, pool)], fix, canMend, target: String(index) };
    }),
  mend: {
    describe: ({ snapshot }, { target }) => {
      const name = entryName(snapshot?.pool.setAside[Number(target)]);
      return `Take the login of the entry ${name ?? ""} into the pool again, without the fields that cannot be read.`;
    },
    apply: ({ fx, nowMs }) => fx.store.transaction("fix", (draft) => takeBackEntries(draft, nowMs)),
  },
});
