import { describePostHook } from "../helper/post-hook.ts";

describePostHook("post-checkout", (work) => work.git(["switch", "-q", "side"]));
