import { gramOf } from '../classical/gram.ts'
import { outputsByTarget } from '../classical/linearMethod.ts'
import type { Frame } from '../frame.ts'
import { crossProducts } from './crossProducts.ts'

/**
 * Tasks that may share, on one scale. Where rows belong to tasks, the tasks of one target are a family: their levels
 * are part of the lines and can be shared too. Where each target is a task, all targets are one family: each is
 * standardised, and its level, which says nothing about the others, is free (inputs are centred on its own cells).
 */
export type Family = {
  /** Their places in `frame.outputs`. */
  outputs: number[]
  /** Whether the last entry of a line is its level. */
  levels: boolean
  tasks: Quadratic[]
  /** Back to the scale of the target: per task [input + 1], the level last. */
  raw(line: Float64Array, task: number): Float64Array
}

/** The squared loss of one task as a function of its line u: u' gram u - 2 moment' u + squares. */
export type Quadratic = { gram: Float64Array; moment: Float64Array; squares: number; cells: number }

export function familiesOf(frame: Frame): Family[] {
  if (frame.outputs.every(({ group }) => group === null)) return [targetsOf(frame)]
  return [...outputsByTarget(frame).values()].map((outputs) => groupsOf(frame, outputs))
}

function groupsOf(frame: Frame, outputs: number[]): Family {
  const width = frame.encoder.names.length
  // Far from zero a level would drown the rest in rounding.
  const shift = frame.outputs[outputs[0]].mean
  return {
    outputs,
    levels: true,
    tasks: outputs.map((k) =>
      quadraticOf(crossProducts(frame.x, width, frame.cells[k], shift), width + 1, frame.outputs[k].cells),
    ),
    raw: (line) => line.map((value, j) => (j === width ? value + shift : value)),
  }
}

function targetsOf(frame: Frame): Family {
  const width = frame.encoder.names.length
  const sums = frame.cells.map((cells) => gramOf(frame.x, width, cells))
  const scales = frame.outputs.map(({ sd }) => sd || 1)
  return {
    outputs: frame.outputs.map((_, k) => k),
    levels: false,
    tasks: sums.map(({ gram, moment, total }, k) => ({
      gram,
      moment: moment.map((value) => value / scales[k]),
      squares: frame.outputs[k].sd > 0 ? total : 0,
      cells: frame.outputs[k].cells,
    })),
    raw(line, task) {
      const own = line.map((value) => value * scales[task])
      return Float64Array.of(...own, sums[task].mean - own.reduce((sum, b, j) => sum + b * sums[task].centre[j], 0))
    },
  }
}

/** From the products of [inputs, 1, y - shift]. */
export function quadraticOf(sums: Float64Array, size: number, cells: number): Quadratic {
  const full = size + 1
  const gram = new Float64Array(size * size)
  const moment = new Float64Array(size)
  for (let j = 0; j < size; j++) {
    for (let l = 0; l < size; l++) gram[j * size + l] = sums[j * full + l]
    moment[j] = sums[j * full + size]
  }
  return { gram, moment, squares: sums[full * full - 1], cells }
}
