import { existsSync } from "node:fs";
import { tmpdir } from "node:os";

/** In memory where possible: thousands of small homes and databases wait for every fsync otherwise. */
export const fastFolder = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
