import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { good } from './files.ts'

// Writes the good files of the corpus: node test/corpus/make.ts
const folder = new URL('./good/', import.meta.url)
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder)
for (const { files } of good)
  for (const [name, bytes] of files) writeFileSync(new URL(encodeURIComponent(name), folder), bytes)
