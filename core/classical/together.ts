import type { Frame, Output, OutputCells } from '../frame.ts'
import { outputsByTarget } from './linearMethod.ts'

/** The cells of all tasks of each target as if they were one task, with the shares of its classes. */
export function together(frame: Frame): Map<string, { output: Output; cells: OutputCells }> {
  return new Map(
    [...outputsByTarget(frame)].map(([target, places]) => {
      const own = places.map((k) => frame.cells[k])
      const cells = {
        at: Int32Array.from(own.flatMap(({ at }) => [...at])),
        y: Float64Array.from(own.flatMap(({ y }) => [...y])),
        weight: own[0].weight && Float64Array.from(own.flatMap(({ weight }) => [...(weight as Float64Array)])),
      }
      return [
        target,
        {
          output: pooled(
            places.map((k) => frame.outputs[k]),
            own,
          ),
          cells,
        },
      ]
    }),
  )
}

function pooled(outputs: Output[], cells: OutputCells[]): Output {
  const weights = cells.map(({ y, weight }) => weight?.reduce((sum, w) => sum + w, 0) ?? y.length)
  const total = weights.reduce((sum, w) => sum + w, 0)
  const share = (of: (output: Output) => number) =>
    outputs.reduce((sum, output, k) => sum + (weights[k] / (total || 1)) * of(output), 0)
  const mean = share((output) => output.mean)
  return {
    ...outputs[0],
    cells: cells.reduce((sum, { y }) => sum + y.length, 0),
    mean,
    sd: Math.sqrt(share((output) => output.sd ** 2 + (output.mean - mean) ** 2)),
    shares: outputs[0].shares.map((_, k) => share(({ shares }) => shares[k])),
  }
}
