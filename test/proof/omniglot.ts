import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ClassRows } from '../../core/data/classEpisodes.ts'
import { rng } from '../../core/rng.ts'
import { parseNpy } from '../../electron/lab/importers/npy.ts'
import { openZip, readBytes } from '../../electron/lab/importers/zip.ts'

/** Omniglot at 28 x 28 as classes of rows, and the two splits of its 1623 characters. */
export const OMNIGLOT = fileURLToPath(new URL('../../../shared/data/omniglot/omniglot28.npz', import.meta.url))

export type Omniglot = {
  images: Float32Array
  /** [row] 0..1622 */
  character: Float64Array
  /** [row] 1 in Lake's evaluation set. */
  evaluation: Float64Array
}

export function readOmniglot(path: string): Omniglot {
  const archive = openZip('omniglot28.npz', readFileSync(path))
  const read = (name: string) => parseNpy(name, readBytes(archive, `${name}.npy`)).values as Float64Array
  return {
    images: Float32Array.from(read('images'), (ink) => ink / 255),
    character: Float64Array.from(read('character')),
    evaluation: Float64Array.from(read('evaluation')),
  }
}

/** The characters for which `keep` holds, as classes. */
export function classesOf({ images, character }: Omniglot, keep: (character: number) => boolean): ClassRows {
  const rows: number[][] = []
  character.forEach((c, row) => {
    if (keep(c)) (rows[c] ??= []).push(row)
  })
  return {
    x: images,
    input: [28, 28, 1],
    names: Array.from({ length: 784 }, (_, i) => `image[${Math.floor(i / 28)},${i % 28}]`),
    target: 'character',
    rows: rows.filter(Boolean).map((own) => Int32Array.from(own)),
  }
}

/**
 * 1100 characters to learn from, 100 to choose by, 423 to test, as MAML's code makes them: shuffled and cut. Its list
 * was never published (it shuffles folder names with a seed of Python's generator), so this one is drawn here.
 */
export function mamlSplit(): { train: Set<number>; validation: Set<number>; test: Set<number> } {
  const order = rng('omniglot/1100-100-423').permutation(1623)
  const part = (from: number, to?: number) => new Set(order.slice(from, to))
  return { train: part(0, 1100), validation: part(1100, 1200), test: part(1200) }
}
