// This file makes texts of others harmless in pages.

/** Makes text safe between tags and in attributes. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
