import { definePausing } from "../cli/pausing.ts";

export default definePausing({
  isPause: true,
  done: "is paused: nothing selects it by itself, `switch` still takes it",
});
