import { elementsOf } from './plan.ts'
import type { Plan } from './plan.ts'
import { linesOfNets } from './problem.ts'
import type { Lines } from './problem.ts'
import type { Architecture } from './blocks.ts'

/**
 * Of networks side by side that share nothing, those that have not stopped: training goes on with a smaller stack, so
 * that what is finished costs nothing. Stacks have few sizes, each two thirds of the one before, so that few programs
 * are built; one that is too large for the networks left is filled up with finished ones, whose numbers nobody reads.
 * What a network learns does not depend on those beside it.
 */
export type Stack = {
  /** Which networks of the whole stand in it, in order. */
  nets: readonly number[]
  plan: Plan
  inner: Lines | null
  /** A vector of all parameters cut down to these networks, and such a part put back, in place where it is smaller. */
  cut(all: Float32Array): Float32Array
  putBack(all: Float32Array, part: Float32Array): Float32Array
}

/** Smaller stacks cost as much as this one. */
const LEAST = 4

export function stacks(architecture: Architecture, inner: Lines | null): (stopped: Uint8Array) => Stack {
  const { plan, nets } = architecture
  const same = (array: Float32Array) => array
  const everyone = Array.from({ length: nets }, (_, g) => g)
  const whole: Stack = { nets: everyone, plan, inner, cut: same, putBack: (_, part) => part }
  const [first] = plan.columns
  const alike = plan.columns.every(({ kind, width }) => kind === first.kind && width === first.width)
  // Networks with a design may be tied to each other; programs of unlike columns would be one for each choice of them.
  if (!plan.stacked || plan.design || !alike) return () => whole
  let current = whole
  return (stopped) => {
    const left = nets - stopped.reduce((sum, stop) => sum + stop, 0)
    const size = sizeFor(nets, left)
    if (size === nets) return (current = whole)
    if (size === current.nets.length && current.nets.filter((g) => !stopped[g]).length === left) return current
    const filling = size - left
    const done = everyone.filter((g) => stopped[g]).slice(0, filling)
    return (current = smaller(architecture, inner, [...everyone.filter((g) => !stopped[g]), ...done].sort(byNumber)))
  }
}

const byNumber = (a: number, b: number) => a - b

/** The smallest of nets, 2/3 nets, 4/9 nets, ... that holds `left`. */
function sizeFor(nets: number, left: number): number {
  const next = Math.ceil((2 * nets) / 3)
  return next < nets && next >= Math.max(left, LEAST) ? sizeFor(next, left) : nets
}

function smaller({ plan, blocks, nets: all }: Architecture, inner: Lines | null, nets: number[]): Stack {
  const each = blocks.map(({ shape }) => elementsOf(shape) / all)
  const length = each.reduce((sum, n) => sum + n, 0)
  /** Calls back with where the numbers of a network's block stand in the whole and in the part. */
  const walk = (at: (inWhole: number, inPart: number, size: number) => void) => {
    let [whole, part] = [0, 0]
    for (const size of each) {
      nets.forEach((g, k) => at(whole + g * size, part + k * size, size))
      whole += all * size
      part += nets.length * size
    }
  }
  return {
    nets,
    plan: { ...plan, columns: nets.map((g) => plan.columns[g]) },
    inner: inner && linesOfNets(inner, nets),
    cut(from) {
      const out = new Float32Array(length * nets.length)
      walk((inWhole, inPart, size) => out.set(from.subarray(inWhole, inWhole + size), inPart))
      return out
    },
    putBack(into, part) {
      walk((inWhole, inPart, size) => into.set(part.subarray(inPart, inPart + size), inWhole))
      return into
    },
  }
}
