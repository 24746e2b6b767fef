import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ClassRows } from '../../core/data/classEpisodes.ts'
import { omniglotLists } from '../../core/templates/omniglot.ts'
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

/** The split of the templates, as sets of numbers. */
export function mamlSplit(): { train: Set<number>; validation: Set<number>; test: Set<number> } {
  const { train, validation, test } = omniglotLists()
  const numbers = (names: string[]) => new Set(names.map(Number))
  return { train: numbers(train), validation: numbers(validation), test: numbers(test) }
}
