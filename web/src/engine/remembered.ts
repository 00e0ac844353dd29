/** The clips of this tab that lie on the server, so that a reload does not lose them. */

export interface Remembered {
  readonly job: string;
  readonly name: string;
}

/** A host's pages share its storage, and several servers may lie below its paths. */
const key = (): string => `derain.clips.${location.pathname}`;

/** Where the browser keeps nothing, a reload forgets. */
export function remember(clips: readonly Remembered[]): void {
  try {
    sessionStorage.setItem(key(), JSON.stringify(clips.map(({ job, name }) => ({ job, name }))));
  } catch {
    // It is full, or forbidden.
  }
}

/** Nothing where what is there is not ours. */
export function remembered(): Remembered[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(key()) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isOurs) : [];
  } catch {
    return [];
  }
}

const isOurs = (entry: unknown): entry is Remembered =>
  typeof entry === "object" &&
  entry !== null &&
  "job" in entry &&
  "name" in entry &&
  typeof entry.job === "string" &&
  typeof entry.name === "string";
