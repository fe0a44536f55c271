/**
 * The beginnings of the checksums of Codex's migrations, of each database in the order of their versions: twelve bytes
 * of the SHA-384 of the SQL, in base64. From Codex 0.169.0; the newest ones it knows.
 */
const checksums: Record<string, string> = {
  "goals_1.sqlite": "jOYoAkSgtLOcfDfH8/994v2JkUggvvNx",
  "logs_2.sqlite": "AJY56v5Zm+l9SdHXz2yTrwdKkCJFZAEP",
  "memories_1.sqlite": "oa9Q2lB3WnD5jaaAGPCo3X/pqEezDXGQ",
  "queue_1.sqlite": "zqETyadP5O0Sz0GVmDorF7RU/rANfCId",
  "state_5.sqlite": [
    "Yn7xkWTJuymKDNmZUhtyy8BMfQOx5K745YooYr22bTJ05gFEitwlE2bkx+XqeLYgGsZPheCD5bSbl0v0ogP8S1l+FCC//cTg",
    "fjWkZN9tTIJpTeUIqj8of3pEhVTnrwHyi0aTYHd+bdbCHT8OitrxNl+OXe66aL3uMezsvQfwRFLQ3FEnABKiE+0l8s+AbCUw",
    "BVJqCQCoQwUjqaBZTS+7JELFxcfEe0JUDuzm21nJSPqmYIUmR2j3Q+mBKTc1xuB7TL2y7f6/YECFj/wZpDYwA7xE8KSuHu1T",
    "OITALwgPAYTpK2IPB2c/SFn3QBNFaauW6hrr5PWh1WyO/8wVFg/gG3V90G+Vc7kD5sdIqaGChuTHc//g6SqlJrHzbib2IhwE",
    "1vtR15lBuTwyeP4qbGKjJdO5yo5CTqy52E3KagOeAEwMfQbF70StqikeQN/mt0486ex2+X2/Qc5JSd4ygMHNrNRSC0Kxi5YB",
    "lDZ1qbPcktCycxrnPAHWFcXjq6D9hYtxSQSq41Tj2M4yrCHS1v6nOcduve81oj8G17VqywfJaFi9x8pMY4H3u0w2vkHGEGuF",
    "9qWrDbNrueRatShb53eFIsvlKfXiuhebwhez0UwIwjYD9IWvp6mWdPkKQxhOQ9ZlDcc02+TLzFrVqLvCz9xP1HMo0bZ8DHVV",
    "YFEo5yK9JSHH6XnpXSkiO9HK/kVqSvmSp/rcjK6otqvrEI9YY63fYRXD+xoiqIYQGuEX5KtAgT3its/tnSmDM/dSMBBQIERo",
    "+vRcOSu4VyBiu9Uv0oAulvX8GQD8bT1ZIzYKA6f8MHw/1buLBx6WMT1ALkw9FW9i6G73zLzIkbGvJ/au5iqZd9mcfqvza2ex",
    "barcVSez9X+jYMXZXeRPrFUFJJvmb81kcpVixXv6i0PVrjR2aEZ6884f8Jd3w/cWQpff+0+zCPDGZeTR1/DPCmn6cZma/81I",
    "SoM3BIu5WKIf1Scs2ri3yDkPnHZNXWRz",
  ].join(""),
  "thread_history_1.sqlite": [
    "KtmkqxffUR+3PwMzrmHbwaZCJTCqk5FNpR2ioR33dg2PjKsiZfM7FxvTqv6dJHKLL9rY42HcH4KK+s8QAu2C03WttYtcDAng",
    "kzSttM2nkhFqR7aalGNc1YU1rbFnn0rQ",
  ].join(""),
};

const length = 16;

/** The databases whose migrations are known. */
export const databaseNames: readonly string[] = Object.keys(checksums);

/** Version 1 comes first. */
export function knownChecksums(database: string): string[] {
  const text = checksums[database] ?? "";
  return Array.from({ length: text.length / length }, (_, index) =>
    text.slice(index * length, (index + 1) * length),
  );
}

/** The part of a checksum that is compared. */
export function beginningOf(checksum: Uint8Array): string {
  return btoa(String.fromCharCode(...checksum.subarray(0, 12)));
}
