import { definePausing } from "../cli/pausing.ts";

export default definePausing({
  isPause: false,
  does: "back into selection",
  done: "is in use again",
});
