import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

/** Relative addresses: the same files are served by the custom protocol (desktop) and by the loopback host. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  // Whoever imports zod gets it through ./zod.ts, so that it is set up before the first schema is made, in any chunk.
  resolve: { alias: [{ find: /^zod$/, replacement: fileURLToPath(new URL('./zod.ts', import.meta.url)) }] },
  // The policy forbids inline styles, so component styles are always files.
  plugins: [svelte({ configFile: false, emitCss: true })],
  build: {
    outDir: fileURLToPath(new URL('../out/renderer', import.meta.url)),
    emptyOutDir: true,
    target: 'chrome140',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
  },
})
