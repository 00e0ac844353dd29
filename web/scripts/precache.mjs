/** After Vite: the service worker learns which files there are, and their hashes. */

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { files, PAGE } from "./files.mjs";

const hashes = {};
for (const file of files()) {
  if (file !== "sw.js") hashes[file] = hash(readFileSync(join(PAGE, file)));
}
const list = JSON.stringify(hashes);
const worker = join(PAGE, "sw.js");
const source = readFileSync(worker, "utf8");
if (!source.includes("__FILES__")) throw new Error("sw.js has no place for its files");
writeFileSync(
  worker,
  // Within quotation marks of either kind.
  source.replace("__FILES__", list.replaceAll('"', '\\"')).replace("__VERSION__", hash(list)),
);

/** @param {string | Buffer} data */
function hash(data) {
  return createHash("sha256").update(data).digest("hex").slice(0, 16);
}
