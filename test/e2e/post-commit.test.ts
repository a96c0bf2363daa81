import { describePostHook } from "../helper/post-hook.ts";

describePostHook("post-commit", (work) => work.git(["cherry-pick", "side"]));
