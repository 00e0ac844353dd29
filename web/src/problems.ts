/** What went wrong, for people. */

import { OutOfMemory } from "./engine/local";
import { Locked, Refused } from "./engine/server";
import { TooLarge } from "./files/sheet";
import type { Say, State } from "./state";

export function problemOf(error: unknown): Say {
  if (error instanceof TooLarge) {
    const megapixels = String(Math.round((error.width * error.height) / 1e6));
    return (words) => words.tooLarge(megapixels);
  }
  if (error instanceof OutOfMemory) return (words) => words.outOfMemory;
  if (error instanceof Locked) return (words) => words.locked;
  if (error instanceof Refused) return () => error.message;
  if (isOfTheNetwork(error)) return (words) => words.unreachable;
  const unreadable = ["InvalidStateError", "EncodingError"];
  if (error instanceof DOMException && unreadable.includes(error.name)) {
    return (words) => words.unreadable;
  }
  const reason = error instanceof Error ? error.message : String(error);
  return (words) => words.broken(reason);
}

/** The same, of a server: one that wants its token again has the page ask for it. */
export function toldOf(error: unknown, state: State): Say {
  state.locked ||= error instanceof Locked;
  return problemOf(error);
}

/** Whether it is the server's or of the way to it: another moment, or engine, may do without. */
export const isOfTheServer = (error: unknown): boolean =>
  error instanceof Refused || error instanceof Locked || isOfTheNetwork(error);

/** Whether a question did not reach the server, in the words of any browser. */
export const isOfTheNetwork = (error: unknown): boolean =>
  error instanceof TypeError && /fetch|network|load failed/i.test(error.message);
