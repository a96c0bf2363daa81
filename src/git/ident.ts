/** Where git's settings are looked up: `section.variable` in lower case. */
export interface Settings {
  get(key: string): string | undefined;
}

/**
 * `Name <mail>` as git would commit, where settings and environment say it outright: asking git takes a process. Undefined where git makes it up itself, refuses, or would
 * take signs away. Source: git-commit(1), "COMMIT INFORMATION"; ident.c.
 */
export function plainIdent(role: "author" | "committer", settings: Settings): string | undefined {
  const variable = (field: string) => process.env[`GIT_${role.toUpperCase()}_${field}`];
  const name = variable("NAME") ?? settings.get(`${role}.name`) ?? settings.get("user.name");
  const mail = variable("EMAIL") ?? settings.get(`${role}.email`) ?? settings.get("user.email");
  return name !== undefined && mail !== undefined && isPlain(name) && isPlain(mail) ? `${name} <${mail}>` : undefined;
}

/** git takes away signs that end a name, those at its ends that are no part of one, and knows nothing of text that is no UTF-8. */
function isPlain(word: string): boolean {
  return /^[^\s.,:;<>"\\']([^\p{Cc}<>\ufffd]*[^\s.,:;<>"\\'])?$/u.test(word) && !/[\p{Cc}\ufffd]/u.test(word);
}
