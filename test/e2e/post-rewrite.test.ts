import { describePostHook } from "../helper/post-hook.ts";

describePostHook("post-rewrite", async (work) => {
  work.write("plain.txt", "so that there is something to move");
  await work.commit("base moves on");
  await work.git(["rebase", "-q", "main", "side"]);
});
