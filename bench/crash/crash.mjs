import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkClone, checkCommit, checkRemote, compare } from "./check.mjs";
import { damage } from "./damage.mjs";
import { kill, membersOf, sleep, start, untilGone } from "./process.mjs";
import { randomOf } from "./random.mjs";
import { mountSmallDisk } from "./small-disk.mjs";
import { snapshot, steps } from "./steps.mjs";
import { World } from "./world.mjs";

/** Rounds after which a new world begins, so that histories stay short. */
const roundsPerWorld = 60;

/** Runs so many rounds; stops at the first failure and tells seed, world and round to see it again. */
export async function crash({ seed, rounds, say, keep = false, smallDisk = false }) {
  const tally = { seed, rounds: 0, kills: 0, races: 0, damaged: 0, repairs: 0, full: 0 };
  for (let world = 0; tally.rounds < rounds; world++) {
    const run = new Run(randomOf(seed * 1000 + world), tally, { say, smallDisk });
    try {
      for (let i = Math.min(roundsPerWorld, rounds - tally.rounds); i > 0; i--) {
        await run.round();
        tally.rounds++;
      }
      await run.finish();
    } catch (error) {
      say(`FAILED in world ${world}, round ${tally.rounds} of seed ${seed}: ${error.stack}`);
      return { ...tally, world, failure: error.message, doing: run.doing, root: keep ? run.world.root : undefined };
    } finally {
      run.close(keep);
    }
  }
  return tally;
}

class Run {
  constructor(random, tally, { say, smallDisk }) {
    this.random = random;
    this.tally = tally;
    this.say = say;
    this.disk = smallDisk ? mountSmallDisk(say) : undefined;
    this.world = new World({ shared: random.chance(40), cacheFolder: this.disk?.folder });
    const known = this.world.try(this.world.root, "git", "mlgit", "help").text;
    this.names = Object.keys(steps).filter(
      (name) => !steps[name].optional || known.includes(`\n  ${steps[name].optional} `),
    );
    this.times = new Map();
    this.doing = "";
  }

  close(keep) {
    this.disk?.unmount();
    if (!keep) this.world.remove();
  }

  async round() {
    const { random } = this;
    if (random.chance(12)) this.damage();
    if (random.chance(15)) return await this.race();
    const on = this.on(random.pick(this.world.clones));
    const step = this.prepare(on, random.pick(this.possible()));
    const filler = this.disk && random.chance(40) ? this.disk.fill(random) : undefined;
    if (filler) this.tally.full++;
    const killed = await this.interrupt(on, step);
    filler?.();
    this.doing += killed ? `, killed ${killed}` : "";
    this.say(`${this.tally.rounds}: ${this.doing}`);
    this.world.unlock(on.clone);
    await this.again(on, step);
    this.check(on);
  }

  /** Two commands at once, in two clones; neither is killed, both must succeed. */
  async race() {
    this.tally.races++;
    const both = this.world.clones.map((clone) => this.on(clone));
    const chosen = both.map((on) => [
      on,
      this.prepare(on, this.random.pick(this.possible().filter((name) => name !== "stash"))),
    ]);
    this.doing = `race: ${chosen.map(([on]) => on.doing).join(" and ")}`;
    this.say(`${this.tally.rounds}: ${this.doing}`);
    await Promise.all(chosen.map(([on, step]) => this.again(on, step, false)));
    for (const [on, step] of chosen) step.settle(on);
    for (const [on] of chosen) this.check(on);
  }

  async finish() {
    this.doing = "the last check";
    for (const clone of this.world.clones) if (checkClone(this.world, clone)) this.tally.repairs++;
    for (const [id, { clone }] of this.world.commits) checkCommit(this.world, clone, id);
    checkRemote(this.world, this.random);
  }

  possible() {
    return this.names.filter((name) => steps[name].possible?.(this.world) ?? true);
  }

  on(clone) {
    return { clone, name: clone.at(-1), world: this.world, random: this.random, compare };
  }

  prepare(on, name) {
    const step = steps[name];
    on.doing = this.doing = `${name} in ${on.name}`;
    step.prepare?.(on);
    on.snapshot = ["add", "fast add", "commit all"].includes(name) ? snapshot(on, readFileSync) : undefined;
    on.step = name;
    return step;
  }

  /** Runs a step and kills it, all of it or one of its processes, at a random moment; undefined when it was faster. */
  async interrupt(on, step) {
    const usual = this.times.get(on.step) ?? 400;
    const delay = this.random.below(Math.ceil(usual * 1.1)) + 1;
    const begun = Date.now();
    let killed;
    for (const [program, args] of step.commands(on)) {
      const running = start(program, args, { cwd: on.clone, env: this.world.env });
      const timer = sleep(Math.max(0, delay - (Date.now() - begun))).then(() => "late");
      if ((await Promise.race([running.done.then(() => "done"), timer])) === "late")
        killed = this.killSome(running.pid);
      await running.done;
      await untilGone(running.pid);
      if (killed) break;
    }
    if (!killed) this.times.set(on.step, Date.now() - begun);
    else this.tally.kills++;
    return killed;
  }

  killSome(group) {
    const members = membersOf(group);
    const one = this.random.chance(50) && members.length > 0 ? this.random.pick(members) : undefined;
    if (one) return kill(one.pid) ? one.name : undefined;
    return kill(-group) ? "all" : undefined;
  }

  async again(on, step, settle = true) {
    for (const [program, args, option] of step.commands(on)) {
      const options = { cwd: on.clone, env: this.world.env };
      let result = await start(program, args, options).done;
      if (result.code !== 0 && option?.otherwise) result = await start(...option.otherwise, options).done;
      if (result.code !== 0) throw new Error(`${on.doing}: ${args.join(" ")} exits ${result.code}:\n${result.text}`);
    }
    if (settle) step.settle(on);
  }

  check(on) {
    if (this.random.chance(30) && checkClone(this.world, on.clone)) this.tally.repairs++;
    const own = [...this.world.commits].filter(([, { clone }]) => clone === on.clone);
    if (own.length > 0 && this.random.chance(50)) checkCommit(this.world, on.clone, this.random.pick(own)[0]);
    if (this.random.chance(8)) checkRemote(this.world, this.random);
  }

  /** Only what the store has is damaged: nothing can bring back the only copy. */
  damage() {
    const clone = this.random.pick(this.world.clones);
    for (const one of this.world.clones) {
      const { code, text } = this.world.try(one, "git", "mlgit", "push", "--all");
      if (code !== 0) throw new Error(`push --all before damage: ${text}`);
    }
    const what = damage(this.world.cacheOf(clone), this.random);
    if (!what) return;
    this.tally.damaged++;
    this.say(`${this.tally.rounds}: ${what.replace(join(this.world.root, ""), "")}`);
  }
}
