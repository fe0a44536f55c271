/** Every export of src/index.ts with its declaration. */
export function apiReport(): string;
