import { MlgitError } from "../error/mlgit-error.ts";
import type { Json } from "./canonical-json.ts";
import type { RunRecord } from "./run-record.ts";

/** Decides about one run. */
export type Condition = (run: RunRecord) => boolean;

type Value = Json | undefined;

const tokens = /\s*(?:(<=|>=|==|!=|=|<|>|~|\(|\))|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([^\s<>=!~()"']+))/y;

/**
 * Reads a condition such as `metrics.accuracy > 0.9 and (stage = train or not state = failed)`. Comparisons: = != < <= > >= and ~ (contains).
 * Names: `metrics.…`, `params.…`, `labels.…`, `stage`, `kind`, `state`, `actor`, `exit`, `seconds`, `start`, `end` (ISO dates compare as text).
 * A comparison with what a run does not have is false.
 * @throws MlgitError kind `usage` that shows where it makes no sense.
 */
export function parseCondition(text: string): Condition {
  return new ConditionParser(split(text)).parse();
}

/** By recursive descent: `or` binds least, then `and`, then `not`. */
class ConditionParser {
  readonly #words: readonly Word[];
  #at = 0;

  constructor(words: readonly Word[]) {
    this.#words = words;
  }

  parse(): Condition {
    const condition = this.#either();
    if (this.#at < this.#words.length) throw this.#nonsense("“and”, “or” or the end");
    return condition;
  }

  #either(): Condition {
    let left = this.#both();
    while (this.#takes("or")) left = join(left, this.#both(), (a, b) => a || b);
    return left;
  }

  #both(): Condition {
    let left = this.#one();
    while (this.#takes("and")) left = join(left, this.#one(), (a, b) => a && b);
    return left;
  }

  #one(): Condition {
    if (this.#takes("not")) {
      const inner = this.#one();
      return (run) => !inner(run);
    }
    if (!this.#isSign("(")) return this.#comparison();
    this.#at++;
    const inner = this.#either();
    if (!this.#isSign(")")) throw this.#nonsense("“)”");
    this.#at++;
    return inner;
  }

  #comparison(): Condition {
    const [name, operator, value] = this.#words.slice(this.#at, this.#at + 3);
    if (!name?.isName || !isKnown(name.text))
      throw this.#nonsense("a name such as metrics.accuracy, params.lr or stage");
    this.#at++;
    const test = operator && !operator.isQuoted ? comparisons[operator.text] : undefined;
    if (!test) throw this.#nonsense("one of = != < <= > >= ~");
    this.#at++;
    if (!value?.isName && !value?.isQuoted) throw this.#nonsense("a value");
    this.#at++;
    const wanted = value.isQuoted ? value.text : literal(value.text);
    return (run) => test(fieldOf(run, name.text), wanted);
  }

  #takes(word: string): boolean {
    const here = this.#words[this.#at];
    const isIt = here?.isName === true && here.text.toLowerCase() === word;
    if (isIt) this.#at++;
    return isIt;
  }

  #isSign(sign: string): boolean {
    const here = this.#words[this.#at];
    return here?.text === sign && !here.isQuoted;
  }

  #nonsense(wanted: string): MlgitError {
    const here = this.#words[this.#at];
    const found = here ? `“${here.text}”` : "the end";
    return new MlgitError("usage", `the condition makes no sense at ${found}: ${wanted} was expected`, { hint });
  }
}

const hint = "an example: --where 'metrics.accuracy > 0.9 and params.lr < 0.01'";

function join(left: Condition, right: Condition, how: (a: boolean, b: boolean) => boolean): Condition {
  return (run) => how(left(run), right(run));
}

interface Word {
  readonly text: string;
  readonly isQuoted: boolean;
  readonly isName: boolean;
}

function split(text: string): Word[] {
  const words: Word[] = [];
  tokens.lastIndex = 0;
  const end = text.trimEnd().length;
  while (tokens.lastIndex < end) {
    const from = tokens.lastIndex;
    const match = tokens.exec(text);
    if (!match) throw new MlgitError("usage", `the condition makes no sense at “${text.slice(from).trim()}”`, { hint });
    const [, sign, quoted, name] = match;
    words.push({
      text: sign ?? name ?? (quoted ?? "").slice(1, -1).replace(/\\(.)/g, "$1"),
      isQuoted: quoted !== undefined,
      isName: name !== undefined,
    });
  }
  return words;
}

function literal(word: string): Json {
  if (word === "true" || word === "false") return word === "true";
  return word !== "" && Number.isFinite(Number(word)) ? Number(word) : word;
}

const plain: Readonly<Record<string, (run: RunRecord) => Value>> = {
  stage: (run) => run.stage,
  kind: (run) => run.kind,
  state: (run) => run.state,
  actor: (run) => run.actor,
  exit: (run) => run.exit ?? undefined,
  seconds: (run) => (run.t[1] - run.t[0]) / 1000,
  start: (run) => new Date(run.t[0]).toISOString(),
  end: (run) => new Date(run.t[1]).toISOString(),
  commit: (run) => run.code.commit ?? undefined,
};

function isKnown(name: string): boolean {
  return Object.hasOwn(plain, name) || /^(metrics|params|labels)\../.test(name);
}

function fieldOf(run: RunRecord, name: string): Value {
  if (Object.hasOwn(plain, name)) return plain[name]?.(run);
  const dot = name.indexOf(".");
  const map = run[name.slice(0, dot) as "metrics" | "params" | "labels"] ?? {};
  const key = name.slice(dot + 1);
  if (Object.hasOwn(map, key)) return map[key];
  // A parameter of another file than the usual one has its file before its name.
  const long = Object.keys(map).filter((one) => one.endsWith(`:${key}`));
  return long.length === 1 ? map[long[0] as string] : undefined;
}

const comparisons: Readonly<Record<string, (found: Value, wanted: Json) => boolean>> = {
  "=": equal,
  "==": equal,
  "!=": (found, wanted) => found !== undefined && !equal(found, wanted),
  "<": (found, wanted) => ordered(found, wanted, (order) => order < 0),
  "<=": (found, wanted) => ordered(found, wanted, (order) => order <= 0),
  ">": (found, wanted) => ordered(found, wanted, (order) => order > 0),
  ">=": (found, wanted) => ordered(found, wanted, (order) => order >= 0),
  "~": (found, wanted) => found !== undefined && String(found).includes(String(wanted)),
};

function equal(found: Value, wanted: Json): boolean {
  return found === wanted || (found !== undefined && typeof found !== "object" && String(found) === String(wanted));
}

/** Numbers by size, everything else as text; a number never compares with a text. */
function ordered(found: Value, wanted: Json, test: (order: number) => boolean): boolean {
  if (typeof found === "number" && typeof wanted === "number") return test(found - wanted);
  if (typeof found !== "string" || typeof wanted === "number") return false;
  const text = String(wanted);
  return test(found < text ? -1 : found > text ? 1 : 0);
}
