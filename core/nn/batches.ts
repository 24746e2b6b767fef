import type { Tensor } from '../engine/runtime.ts'
import type { Rng } from '../rng.ts'
import type { Architecture } from './architecture.ts'
import type { Lines } from './problem.ts'

/** Multiply-adds in one call of the runtime: about half a second. */
const WORK_PER_CALL = 2e9

/**
 * Batches of lines, epoch after epoch, each from its own stream: every line once an epoch, the last batch filled up
 * from the front. Stacked networks each go round their own lines, as often as the longest needs. `perStep` is how many
 * times the usual work a step is.
 */
export function batchesOf({ plan, nets, perLine }: Architecture, lines: Lines, batchSize: number, perStep: number) {
  const start = (g: number) => (plan.stacked ? lines.starts[g] : 0)
  const count = (g: number) => (plan.stacked ? lines.starts[g + 1] - lines.starts[g] : lines.lines)
  const longest = Math.max(...Array.from({ length: nets }, (_, g) => count(g)))
  const rows = Math.min(batchSize, longest)
  const steps = Math.ceil(longest / rows)
  return {
    steps,
    most: Math.max(1, Math.floor(WORK_PER_CALL / (3 * perStep * rows * nets * perLine))),
    /** For these networks; each draws its own, whichever stand beside it. */
    draw(random: Rng, fromEpoch: number, epochs: number, of: readonly number[]): Tensor {
      const data = new Float32Array(epochs * steps * of.length * rows)
      for (let e = 0; e < epochs; e++)
        of.forEach((g, k) => {
          const order = random.split(`${fromEpoch + e}/${g}`).permutation(count(g))
          for (let s = 0; s < steps; s++)
            for (let j = 0; j < rows; j++)
              data[((e * steps + s) * of.length + k) * rows + j] = start(g) + order[(s * rows + j) % order.length]
        })
      return { shape: plan.stacked ? [epochs * steps, of.length, rows] : [epochs * steps, rows], data }
    },
  }
}

/** Entries from..to of the first axis. */
export function slice({ shape, data }: Tensor, from: number, to: number): Tensor {
  const each = data.length / shape[0]
  return { shape: [to - from, ...shape.slice(1)], data: data.subarray(from * each, to * each) }
}
