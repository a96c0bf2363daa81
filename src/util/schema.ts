/*
 * The part of zod that checks what people wrote, with English messages: its small half, of which the bundle holds what is named here. All of zod takes as long to load as Node
 * takes to start.
 */
import { config } from "zod/mini";
import en from "zod/v4/locales/en.js";

config(en());

export {
  _default,
  array,
  boolean,
  enum,
  type infer,
  type input,
  int,
  iso,
  json,
  literal,
  maximum,
  maxLength,
  minLength,
  NEVER,
  nonnegative,
  number,
  object,
  optional,
  pipe,
  record,
  refine,
  regex,
  strictObject,
  string,
  transform,
  union,
} from "zod/mini";
