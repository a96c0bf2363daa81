import type { Command } from "./command.ts";
import { kindCommand } from "./kind/kind-command.ts";

export const command: Command = kindCommand("models");
