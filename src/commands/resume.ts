import { definePausing } from "../cli/pausing.ts";

export default definePausing({
  isPause: false,
  done: "is in use again",
});
