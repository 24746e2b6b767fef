import { fileURLToPath } from 'node:url'
import { defineConfig } from 'electron-vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/**
 * Bundles of the desktop package (the page has its own: renderer/vite.config.ts). Everything written in JavaScript is bundled; packages that bring native parts or
 * start files of their own stay packages (electron-builder.yml takes them along). All files of main lie side by side,
 * so that `new URL('worker.js', import.meta.url)` means the same in each.
 */
const bundled = [
  'zod',
  'commander',
  'ws',
  'fflate',
  'ml-matrix',
  'ml-hclust',
  'pbf',
  'pure-rand',
  '@noble/hashes',
  'sax',
]

export default defineConfig({
  main: {
    build: {
      outDir: here('out/main'),
      externalizeDeps: { exclude: bundled },
      target: 'node24',
      sourcemap: false,
      rollupOptions: {
        input: {
          main: here('electron/main.ts'),
          cli: here('electron/cli.ts'),
          'lab-process': here('electron/lab-process.ts'),
          worker: here('electron/lab/worker.ts'),
          reader: here('electron/lab/importers/reader.ts'),
        },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunk-[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      outDir: here('out/preload'),
      // A sandboxed preload is one CommonJS file without packages.
      externalizeDeps: false,
      rollupOptions: {
        input: { preload: here('electron/preload.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
})
