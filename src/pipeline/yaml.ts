/** Loaded when needed; the names of a CommonJS library survive bundling only behind a module of our own. */
export { Document, isSeq, parse, visit } from "yaml";
