/** One line that looks like what it is: without controls, and without signs that turn the direction of what follows. */
export function displayText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/gu, "\ufffd");
}

/** For text and quoted attributes of HTML and SVG alike. */
export function escapeMarkup(text: string): string {
  return displayText(text).replace(/[&<>"'`]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** `resnet (3)`, or the tag where it says nothing. */
export function versionLabel({ name, version }: { readonly name: string; readonly version?: number }): string {
  return version === undefined ? name : `${name} (${version})`;
}
