/** The built page and its files. */

import { readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath, URL } from "node:url";

export const PAGE = fileURLToPath(new URL("../../src/derain/serve/page", import.meta.url));

/** Paths below the page with forward slashes, without their compressed copies. */
export function files() {
  return readdirSync(PAGE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.(br|gz)$/.test(entry.name))
    .map((entry) => relative(PAGE, join(entry.parentPath, entry.name)).replaceAll(sep, "/"))
    .sort();
}
