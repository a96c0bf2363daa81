import limit from "p-limit";
import type { Backend } from "../backend.ts";

/**
 * Lets as many requests run at once as the place can use; others wait for their turn. A `use` must therefore not wait for another
 * request to the same backend. Listings are not counted: their reader may well make requests in between.
 */
export function withLimit(inner: Backend): Backend {
  const turn = limit(inner.properties.connections);
  return {
    location: inner.location,
    get properties() {
      return inner.properties;
    },
    get traffic() {
      return inner.traffic;
    },
    save: (handle, body, options) => turn(() => inner.save(handle, body, options)),
    load: (handle, range, use, signal) => turn(() => inner.load(handle, range, use, signal)),
    stat: (handle, signal) => turn(() => inner.stat(handle, signal)),
    list: (type, signal) => inner.list(type, signal),
    remove: (handle, condition) => turn(() => inner.remove(handle, condition)),
    isNotFound: (error) => inner.isNotFound(error),
    isPermanent: (error) => inner.isPermanent(error),
    ...(inner.saveFile && { saveFile: (...args) => turn(() => (inner.saveFile as SaveFile).apply(inner, args)) }),
    ...(inner.copyPlace && { copyPlace: inner.copyPlace }),
    ...(inner.copyFrom && { copyFrom: (...args) => turn(() => (inner.copyFrom as CopyFrom).apply(inner, args)) }),
    ...(inner.abandon && { abandon: inner.abandon.bind(inner) }),
    ...(inner.createPlace && { createPlace: inner.createPlace.bind(inner) }),
    close: () => inner.close(),
  };
}

type CopyFrom = NonNullable<Backend["copyFrom"]>;
type SaveFile = NonNullable<Backend["saveFile"]>;
