import { defineConfig } from 'vitest/config'

/** The long ones: fifty kills, whole corpora. `npm run test:slow`. */
export default defineConfig({
  test: { include: ['test/**/*.slow.ts'], testTimeout: 1_800_000, hookTimeout: 120_000, fileParallelism: false },
})
