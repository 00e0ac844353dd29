/** Compresses the built page for hosts that send what lies beside a file. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { files, PAGE } from "./files.mjs";

const COMPRESSIBLE = /\.(html|js|mjs|css|svg|json|webmanifest|wasm|onnx)$/;

for (const file of files()) {
  if (!COMPRESSIBLE.test(file)) continue;
  const bytes = readFileSync(join(PAGE, file));
  const options = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_LGWIN]: 24,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  writeFileSync(join(PAGE, `${file}.br`), brotliCompressSync(bytes, { params: options }));
  writeFileSync(join(PAGE, `${file}.gz`), gzipSync(bytes, { level: 9 }));
}
