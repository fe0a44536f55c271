import { definePausing } from "../cli/pausing.ts";

export default definePausing({
  isPause: true,
  does: "out of automatic selection",
  done: "is paused: nothing selects it by itself, `switch` still takes it",
});
