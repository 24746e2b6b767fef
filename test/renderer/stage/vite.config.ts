import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

/** The real window over a made-up lab, built like the real one, for tests and pictures that need no lab process. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  publicDir: false,
  plugins: [svelte({ configFile: false, emitCss: true })],
  logLevel: 'warn',
  build: {
    outDir: fileURLToPath(new URL('../../../out/stage', import.meta.url)),
    emptyOutDir: true,
    target: 'chrome140',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    minify: false,
    chunkSizeWarningLimit: 3000,
  },
})
