// This file puts what was thrown into words.

/** What an error says: errors of ours and of the server are made to be read by the user. */
export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
