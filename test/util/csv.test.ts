import { describe, expect, it } from "@jest/globals";
import { csvLine } from "../../src/util/csv.ts";

describe("csvLine", () => {
  it("quotes what RFC 4180 wants quoted and nothing else", () => {
    expect(csvLine(["a b", "", 'say "x"', "1,5", "two\nlines", "ä"])).toBe('a b,,"say ""x""","1,5","two\nlines",ä');
  });

  it("lets no cell become a formula, and leaves numbers alone", () => {
    expect(csvLine(["=1+1", "+x", "-x", "@sum", "\tx", "\rx", '=a"b'])).toBe(
      `'=1+1,'+x,'-x,'@sum,'\tx,"'\rx","'=a""b"`,
    );
    expect(csvLine(["-1", "+0.5", "-.5", "-1e-9", "-", "-1x"])).toBe("-1,+0.5,-.5,-1e-9,'-,'-1x");
  });
});
