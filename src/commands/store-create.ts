import { assertContactAllowed, assertCreationAllowed } from "../config/choose-store.ts";
import { MlgitError } from "../error/mlgit-error.ts";
import type { Action } from "./command.ts";
import { loadSettings, resolveStore } from "./load-settings.ts";

export const create = {
  name: "create",
  summary: "Make a store's bucket or folder, with settings that fit",
  arguments: [{ name: "<name>", description: "of a store that `store add` named" }],
  options: [{ flags: "--versioned", description: "S3: keep old versions of objects, against removal by mistake" }],
  async run(context, [wanted = ""], options) {
    const repository = await context.repository();
    const store = await resolveStore(repository, await loadSettings(repository), { store: wanted, direction: "push" });
    assertContactAllowed(store);
    assertCreationAllowed(store);
    const backend = await context.openBackend(store);
    try {
      if (!backend.createPlace)
        throw new MlgitError("unsupported", `a place of this kind is not made by mlgit: ${backend.location}`, {
          hint: "make it with the tools of whoever runs it, then: git mlgit store test",
        });
      const { made, settings } = await backend.createPlace({ versioned: options.versioned === true });
      const lines = [
        made ? `made ${backend.location}` : `${backend.location} is there already; nothing was changed`,
        ...settings,
      ];
      return { text: lines.join("\n"), data: { name: store.name, url: store.url, made, settings } };
    } finally {
      await backend.close();
    }
  },
} satisfies Action;
