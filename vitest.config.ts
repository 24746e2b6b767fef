import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  // For the window's `.svelte.ts` classes; nothing else is touched by it.
  plugins: [svelte({ configFile: false })],
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Forked processes: native modules (SQLite, ONNX Runtime, DuckDB) are never unloaded inside a thread.
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', './test/closingLine.ts'],
  },
})
