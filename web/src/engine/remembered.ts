/** The clips of this tab that lie on the server, so that a reload does not lose them. */

export interface Remembered {
  readonly job: string;
  readonly name: string;
}

const KEY = "derain.clips";

export function remember(clips: readonly Remembered[], storage: Storage = sessionStorage): void {
  storage.setItem(KEY, JSON.stringify(clips.map(({ job, name }) => ({ job, name }))));
}

/** Nothing where what is there is not ours: other pages of this host share the storage. */
export function remembered(storage: Storage = sessionStorage): Remembered[] {
  try {
    const kept: unknown = JSON.parse(storage.getItem(KEY) ?? "[]");
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
