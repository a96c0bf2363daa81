/** Larger texts are no specs. In a file of its own, so that whoever needs only this does not load a YAML parser. */
export const specLimit = 1024 * 1024;
