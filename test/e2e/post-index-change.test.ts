import { describePostHook } from "../helper/post-hook.ts";

describePostHook("post-index-change", (work) => work.git(["reset", "-q", "--hard", "side"]));
