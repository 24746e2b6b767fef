import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The 10,000 handwritten digits of the package `mnist`, 28 x 28, shades from 0 to 1. Every fifth of a class is for testing. */
export const SIDE = 28
export type Digit = { label: number; pixels: number[] }

const TEST = 5
const require = createRequire(import.meta.url)
const FOLDER = join(dirname(require.resolve('mnist/package.json')), 'src/digits')
let known: { train: Digit[]; test: Digit[] } | null = null

export function digits(): { train: Digit[]; test: Digit[] } {
  if (known) return known
  known = { train: [], test: [] }
  for (let label = 0; label < 10; label++) {
    const { data } = JSON.parse(readFileSync(join(FOLDER, `${label}.json`), 'utf8')) as { data: number[] }
    for (let k = 0; (k + 1) * SIDE * SIDE <= data.length; k++) {
      const digit = { label, pixels: data.slice(k * SIDE * SIDE, (k + 1) * SIDE * SIDE) }
      known[k % TEST === 0 ? 'test' : 'train'].push(digit)
    }
  }
  return known
}
