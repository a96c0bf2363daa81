import { describe, expect, it } from "@jest/globals";
import { arraysOf } from "../../../src/pipeline/export/job-array.ts";

const jobs = (text: string) =>
  text.split(" ").map((word) => {
    const [id = "", needs = ""] = word.split("<");
    return { id, stage: id, needs: needs === "" ? [] : needs.split(",") };
  });
/** `a b` are together, `-` is nothing; what they follow or need comes after `<`. */
const shown = (text: string) => {
  const arrays = arraysOf(jobs(text));
  return arrays.map((array) => {
    const ids = array.jobs.map((job) => job?.id ?? "-").join(" ");
    const after = array.follows ? `#${arrays.indexOf(array.follows)}` : array.needs.join(",");
    return after === "" ? ids : `${ids} < ${after}`;
  });
};

describe("jobs as arrays", () => {
  it("are together when they wait for the same", () => {
    expect(shown("a b c<a d<a e<a,b f<b,a")).toEqual(["a b", "c d < a", "e f < a,b"]);
  });

  it("follow each other by number when chains run beside each other, with gaps where one ends", () => {
    expect(shown("a b c x<a z<c y<b u<x w<z")).toEqual(["a b c", "x y z < #0", "u - w < #1"]);
    expect(shown("a b c z<c y<z")).toEqual(["a b c", "z < c", "y < z"]);
  });

  it("are no more in one array than Slurm takes", () => {
    const many = arraysOf(jobs(Array.from({ length: 2500 }, (_, i) => `j${i}`).join(" ")));
    expect(many.map((array) => array.jobs.length)).toEqual([1000, 1000, 500]);
  });
});
