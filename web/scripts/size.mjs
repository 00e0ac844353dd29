/** What a first visit transfers, with brotli; fails above the limit. */

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { files, PAGE } from "./files.mjs";

const LIMIT = 4.5e6; // bytes

let total = 0;
for (const file of files()) {
  const path = join(PAGE, file);
  const { size } = statSync(existsSync(`${path}.br`) ? `${path}.br` : path);
  total += size;
  console.log(`${(size / 1e3).toFixed(1).padStart(8)} kB  ${file}`);
}
console.log(`${(total / 1e3).toFixed(1).padStart(8)} kB  in all, of at most ${LIMIT / 1e3} kB`);
if (total > LIMIT) {
  console.error("The page is too large.");
  process.exit(1);
}
