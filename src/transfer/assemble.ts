import { wholeFileLimit } from "../store/local/layout.ts";
import type { Assembly } from "./assembly.ts";
import { LargeAssembly, type LargeAssemblyTools } from "./large-assembly.ts";
import type { SmallArrivals } from "./small-arrivals.ts";
import { SmallAssembly } from "./small-assembly.ts";

export interface AssemblyTools extends LargeAssemblyTools {
  readonly small: SmallArrivals;
}

/** Where a file is put together that is to be fetched. */
export function assemble(file: { readonly oid: string; readonly size: number }, tools: AssemblyTools): Assembly {
  return file.size < wholeFileLimit ? new SmallAssembly(file, tools.small) : new LargeAssembly(file, tools);
}
