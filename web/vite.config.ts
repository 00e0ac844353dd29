import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vitest/config";
import { onnx, sha256 } from "../src/derain/zoo/models/fast.json" with { type: "json" };

/** Refuses a model that is not the one its card describes, as the Python package does. */
function checkModel(): Plugin {
  return {
    name: "check-model",
    buildStart() {
      const bytes = readFileSync(new URL(`../src/derain/zoo/models/${onnx}`, import.meta.url));
      if (createHash("sha256").update(bytes).digest("hex") !== sha256["fast.onnx"]) {
        this.error(`${onnx} is not the file its card describes; check it out again`);
      }
    },
  };
}

export default defineConfig({
  base: "./", // any folder of any host
  plugins: [checkModel()],
  server: { fs: { allow: [".."] } },
  worker: { format: "es" },
  build: {
    target: "es2022",
    outDir: "../src/derain/serve/page",
    emptyOutDir: true,
    assetsInlineLimit: 0, // the Content-Security-Policy allows no data: scripts or styles
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: "index.html", sw: "src/sw.ts" },
      output: {
        entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
      },
    },
  },
  test: { include: ["test/**/*.test.ts"] },
});
