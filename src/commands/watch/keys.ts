import type { AccountReport } from "../../reports/account.ts";

/** What the person has chosen, asked for and been told. */
export interface ViewState {
  /** `id` of the account under the pointer; null: the active one. */
  chosenId: string | null;
  /** The account that Enter asked about. */
  asksAbout: string | null;
  hasHelp: boolean;
  /** Every figure of an account, not only the main ones. */
  isFull: boolean;
  /** What the last action said. */
  message: readonly string[];
  isBusy: boolean;
}

export const firstState: ViewState = {
  chosenId: null,
  asksAbout: null,
  hasHelp: false,
  isFull: false,
  message: [],
  isBusy: false,
};

type Action =
  | { kind: "none" | "quit" | "suspend" }
  /** A command line of ours, and what is said while it runs. */
  | { kind: "run"; argv: readonly string[]; doing: string };

interface Pressed {
  state: ViewState;
  action: Action;
}

const none: Action = { kind: "none" };

/** What a key does to the view. */
export function pressed(state: ViewState, key: string, accounts: readonly AccountReport[]): Pressed {
  if (key === "ctrl-c") return { state, action: { kind: "quit" } };
  if (key === "ctrl-z") return { state, action: { kind: "suspend" } };
  if (state.asksAbout !== null) return answered(state, key, state.asksAbout);
  const at = chosenIndex(state, accounts);
  const chosen = accounts[at];
  const plain = { ...state, message: [], hasHelp: false };
  const go = (to: number) => {
    const next = accounts[(to + accounts.length) % Math.max(1, accounts.length)];
    return { state: { ...plain, chosenId: next?.id ?? null }, action: none };
  };
  switch (key) {
    case "q":
      return { state, action: { kind: "quit" } };
    case "escape":
      return state.hasHelp ? { state: plain, action: none } : { state, action: { kind: "quit" } };
    case "up":
    case "k":
      return go(at - 1);
    case "down":
    case "j":
      return go(at + 1);
    case "f":
      return { state: { ...plain, isFull: !state.isFull }, action: none };
    case "?":
      return { state: { ...plain, hasHelp: !state.hasHelp }, action: none };
  }
  if (state.isBusy || chosen === undefined) return { state, action: none };
  const run = (argv: readonly string[], doing: string): Pressed => ({
    state: { ...plain, chosenId: chosen.id, isBusy: true, message: [doing] },
    action: { kind: "run", argv, doing },
  });
  switch (key) {
    case "enter":
      if (chosen.active)
        return { state: { ...plain, message: ["That account is active already."] }, action: none };
      return { state: { ...plain, chosenId: chosen.id, asksAbout: chosen.id }, action: none };
    case "p":
      return chosen.state === "paused"
        ? run(["resume", chosen.id], "Resuming ...")
        : run(["pause", chosen.id], "Pausing ...");
    case "r":
      return run(["check"], "Asking OpenAI ...");
  }
  return { state, action: none };
}

function answered(state: ViewState, key: string, id: string): Pressed {
  const asked = { ...state, asksAbout: null };
  if (key !== "y" && key !== "Y")
    return { state: { ...asked, message: ["Nothing was switched."] }, action: none };
  const doing = "Switching ...";
  return {
    state: { ...asked, isBusy: true, message: [doing] },
    action: { kind: "run", argv: ["switch", id], doing },
  };
}

/** Where the pointer stands: an account that was removed meanwhile gives it back to the active one. */
export function chosenIndex({ chosenId }: ViewState, accounts: readonly AccountReport[]): number {
  const index = accounts.findIndex(({ id }) => id === chosenId);
  if (index !== -1) return index;
  return Math.max(
    0,
    accounts.findIndex(({ active }) => active),
  );
}
