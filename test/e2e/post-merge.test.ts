import { describePostHook } from "../helper/post-hook.ts";

describePostHook("post-merge", (work) => work.git(["merge", "-q", "--no-ff", "-m", "merged", "side"]));
