/** vega as Node gets it is CommonJS, of which bundlers give the whole as the default. */
export async function loadVega(): Promise<typeof import("vega")> {
  return whole(await import("vega"));
}

export async function loadVegaLite(): Promise<typeof import("vega-lite")> {
  return whole(await import("vega-lite"));
}

function whole<T extends object>(module: T): T {
  return (module as { readonly default?: T }).default ?? module;
}
