declare const __MLGIT_VERSION__: string | undefined;

/** The package's version; `0.0.0-dev` when the sources run unbundled (unit tests). */
export const version = typeof __MLGIT_VERSION__ === "string" ? __MLGIT_VERSION__ : "0.0.0-dev";
