export declare const versions: readonly string[];
export declare const root: string;
export declare function cacheFolder(): string;
export declare function binaryIn(prefix: string): string | undefined;
export declare function install(version: string): void;
