/**
 * Builds the page into dist/studio: one folder of files that any server can hand out. No inline scripts, no data URLs and
 * no blob workers, so that `script-src 'self' 'wasm-unsafe-eval'` is all that its policy must allow.
 */
import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The same for the page and for its workers. */
const alias = {
  apprentice: here("../src/browser.ts"),
  // Policies run in WebAssembly here: 26 MB of WebGPU's kernels stay out of the page.
  "onnxruntime-web/webgpu": "onnxruntime-web/wasm",
};

/** How long plugins took is of no interest to who starts the studio. */
const rolldownOptions = { checks: { pluginTimings: false } };

export default defineConfig({
  root: here("."),
  base: "./",
  cacheDir: here("../.cache/vite-studio"),
  plugins: [svelte()],
  resolve: { alias },
  worker: { format: "es", rolldownOptions },
  build: {
    outDir: here("../dist/studio"),
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    sourcemap: false,
    chunkSizeWarningLimit: 1500,
    rolldownOptions,
  },
  server: {
    host: "127.0.0.1",
    headers: { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" },
  },
});
