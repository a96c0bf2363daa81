/** For people: `1 file`, `2 files`; where a plural `s` is not all that changes, `many` says the rest: `counted(n, "file is", "files are")`. */
export function counted(count: number | bigint, one: string, many = `${one}s`): string {
  return `${count} ${Number(count) === 1 ? one : many}`;
}
