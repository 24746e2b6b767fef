import { buildTaskSet } from '../../core/data/buildTaskSet.ts'
import { Roles } from '../../core/data/roles.ts'
import type { Column } from '../../core/data/table.ts'
import type { TaskSet, View } from '../../core/data/taskSet.ts'
import type { Rng } from '../../core/rng.ts'
import { digits, SIDE } from './digits.ts'
import type { Digit } from './digits.ts'

/**
 * Two-digit Multi-MNIST (Sabour et al. 2017; Sener and Koltun 2018), from the 10,000 digits of the package `mnist`: two
 * digits of 28 x 28 on 36 x 36, one top left and one bottom right, the brighter pixel kept where they overlap; then the
 * mean of each 2 x 2, which makes 18 x 18 inputs. Two tasks: which digit is where. No digit serves in both training and
 * test.
 */
const FULL = 36
const SMALL = FULL / 2
/** `train` and `test` pictures, as one table whose first rows are for training. */
export function multiMnist(
  random: Rng,
  rows: { train: number; test: number },
): { set: TaskSet; train: View; test: View } {
  const total = rows.train + rows.test
  const pixels = Array.from({ length: SMALL * SMALL }, () => new Float64Array(total))
  const labels = [new Int32Array(total), new Int32Array(total)]
  for (let row = 0; row < total; row++) {
    const from = digits()[row < rows.train ? 'train' : 'test']
    const pair = [0, 1].map(() => from[random.int(from.length)])
    pair.forEach(({ label }, k) => (labels[k][row] = label))
    const at = (digit: Digit, y: number, x: number) =>
      y >= 0 && x >= 0 && y < SIDE && x < SIDE ? digit.pixels[y * SIDE + x] : 0
    for (let y = 0; y < FULL; y++)
      for (let x = 0; x < FULL; x++) {
        const value = Math.max(at(pair[0], y, x), at(pair[1], y - FULL + SIDE, x - FULL + SIDE))
        pixels[(y >> 1) * SMALL + (x >> 1)][row] += value / 4
      }
  }
  const valid = new Uint8Array(total).fill(1)
  const levels = Array.from({ length: 10 }, (_, k) => String(k))
  const columns: Column[] = [
    ...pixels.map((values, k): Column => ({ name: `p${k}`, kind: 'number', values, valid })),
    ...labels.map((values, k): Column => ({ name: ['left', 'right'][k], kind: 'category', levels, values, valid })),
  ]
  const set = buildTaskSet({ hash: 'multi-mnist', rows: total, columns }, Roles.parse({ targets: ['left', 'right'] }))
  const tasks = Int32Array.of(0, 1)
  const view = (start: number, end: number): View => ({
    set,
    tasks,
    rows: Int32Array.from({ length: end - start }, (_, i) => start + i),
  })
  return { set, train: view(0, rows.train), test: view(rows.train, total) }
}
