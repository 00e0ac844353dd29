/** What the browser keeps for a site; pages that it forbids that remember for as long as they live. */

export type Keeper = Pick<Storage, "getItem" | "setItem">;

/** @param open - Gives the browser's own; asking for it can be an error already. */
export function keeper(open: () => Keeper): Keeper {
  const own = new Map<string, string>();
  return {
    getItem(key) {
      try {
        return own.get(key) ?? open().getItem(key);
      } catch {
        return null;
      }
    },
    setItem(key, value) {
      try {
        open().setItem(key, value);
        own.delete(key);
      } catch {
        own.set(key, value); // it is full, or forbidden
      }
    },
  };
}

/** Kept from visit to visit. */
export const kept = keeper(() => localStorage);
