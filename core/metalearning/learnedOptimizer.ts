import { z } from 'zod'
import {
  abs,
  add,
  concat,
  grad,
  greater,
  log,
  loop,
  matmul,
  maximum,
  mul,
  reshape,
  sigmoid,
  sign,
  slice,
  stopGradient,
  sum,
  tanh,
  where,
} from '../engine/index.ts'
import type { Expr } from '../engine/index.ts'
import { initialise } from '../nn/layers.ts'
import { elementsOf, layerShapes } from '../nn/plan.ts'
import type { Plan } from '../nn/plan.ts'
import { ownStart } from './descent.ts'
import { bySteps, metaMethod, ROWS } from './metaMethod.ts'
import { adaptSteps, innerRate, metaParams } from './params.ts'
import type { Cells, Strategy } from './strategy.ts'
import { TASKS } from './strategy.ts'
import { losses, meanOfMeans, perTask, sumOfMeans } from './taskNetworks.ts'
import { budget, search } from '../search.ts'

/**
 * A learned optimizer (Andrychowicz et al. 2016): one small LSTM of two layers, the same for every weight but with a
 * state of its own for each, turns the slope of a weight into its step,
 *   theta_{k+1} = theta_k + innerLr m_k,   (m_k, state) = LSTM(log |slope| / 10, sign slope; state)
 * (small slopes: -1, e^10 slope). It is trained on the query loss after every step, by back-propagation cut after each
 * `unroll` steps; slopes count as constants. Unlike in the paper the start is learned too, as by Ravi and Larochelle
 * (2017): few rows alone could not say what all tasks have in common.
 */
const Params = z.strictObject({
  ...metaParams,
  hidden: z
    .array(z.int().min(1).max(1024))
    .min(1)
    .max(8)
    .default([20])
    .describe('Units of each hidden layer, from the inputs on.')
    .meta(search({ choices: [[10], [20], [40]] })),
  iterations: z.int().min(1).max(1_000_000).default(500).describe('Steps of the outer loop.').meta(budget),
  metaBatch: z.int().min(1).max(1024).default(4).describe('Tasks in each step of the outer loop.'),
  innerLr: innerRate(0.1, [0.01, 0.5], 'What the answer of the LSTM is multiplied by.'),
  outerLr: z
    .number()
    .gt(0)
    .max(1)
    .default(0.01)
    .describe('Learning rate of the outer loop.')
    .meta(search({ log: [0.001, 0.05] })),
  innerSteps: z.int().min(1).max(100).default(6).describe('Steps on a task in meta-training.'),
  unroll: z.int().min(1).max(100).default(6).describe('Steps that back-propagation goes through before it is cut.'),
  cells: z.int().min(1).max(64).default(8).describe('Units of each layer of the LSTM.'),
  adaptSteps: adaptSteps(6, [3, 20], 'Steps on a new task.'),
})

const P = 10

const lstmShapes = (h: number): number[][] => [[2, 4 * h], [h, 4 * h], [4 * h], [h, 4 * h], [h, 4 * h], [4 * h], [h, 1]]

/** Slopes [task, weight, 1] as the two numbers that the LSTM reads. */
function prepared(slope: Expr): Expr {
  const size = abs(slope)
  const large = greater(size, Math.exp(-P))
  const logarithm = mul(1 / P, log(maximum(size, Math.exp(-P))))
  return concat([where(large, logarithm, -1), where(large, sign(slope), mul(Math.exp(P), slope))], 2)
}

/** One LSTM layer: x [task, weight, in], state h and c [task, weight, cell]. */
function layer(x: Expr, [h, c]: Expr[], [fromX, fromH, bias]: Expr[], cells: number): [Expr, Expr] {
  const gates = add(add(matmul(x, fromX), matmul(h, fromH)), bias)
  const [i, f, o, u] = [0, 1, 2, 3].map((k) => slice(gates, 2, k * cells, (k + 1) * cells))
  const next = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(u)))
  return [mul(sigmoid(o), tanh(next)), next]
}

/** Every task's pieces as one row of weights [task, weight, 1], and back. */
const joined = (pieces: readonly Expr[]): Expr =>
  concat(
    pieces.map((piece) => reshape(piece, [TASKS, elementsOf(piece.shape.slice(1) as number[]), 1])),
    1,
  )
function parted(plan: Plan, row: Expr): Expr[] {
  let at = 0
  return layerShapes(plan).map(({ shape, bias }) => {
    const own = slice(row, 1, at, (at += elementsOf(shape)))
    return reshape(own, [TASKS, ...(bias ? [1] : []), ...shape])
  })
}

export function learnedOptimizerStrategy(steps: number, unroll: number, cells: number): Strategy {
  const split = (plan: Plan, meta: Expr[]) => {
    const n = ownStart.shapes(plan).length
    return { start: meta.slice(0, n), lstm: meta.slice(n) }
  }
  /** [weights, h1, c1, h2, c2] before the first step. */
  const begin = (start: Expr[]): Expr[] => {
    const weights = joined(perTask(start))
    const nothing = mul(concat(new Array<Expr>(cells).fill(weights), 2), 0)
    return [weights, nothing, nothing, nothing, nothing]
  }
  const step = (
    plan: Plan,
    lstm: Expr[],
    [weights, h1, c1, h2, c2]: Expr[],
    support: Cells,
    rate: Expr,
    read: (slope: Expr) => Expr,
  ): Expr[] => {
    const pieces = parted(plan, weights)
    const slopes = grad(sumOfMeans(losses(plan, pieces, support), support), pieces)
    const first = layer(prepared(read(joined(slopes))), [h1, c1], lstm.slice(0, 3), cells)
    const second = layer(first[0], [h2, c2], lstm.slice(3, 6), cells)
    return [add(weights, mul(rate, matmul(second[0], lstm[6]))), ...first, ...second]
  }
  return {
    key: ['learned-optimizer', steps, unroll, cells],
    shapes: (plan) => [...ownStart.shapes(plan), ...lstmShapes(cells)],
    first(plan, random) {
      const draw = random.split('lstm')
      const own = lstmShapes(cells).flatMap((shape) => {
        // The last product begins at 0, so that no step is taken before one was learned.
        const reach = shape.length === 1 || shape[1] === 1 ? 0 : 1 / Math.sqrt(shape[0])
        return Array.from({ length: elementsOf(shape) }, () => reach * (2 * draw.uniform() - 1))
      })
      return Float32Array.from([...initialise(plan, random), ...own])
    },
    outer: {
      optimizer: 'adam',
      step({ plan, meta, support, query, rate }) {
        const { start, lstm } = split(plan, meta)
        let state = begin(start)
        const parts: Expr[] = []
        for (let done = 0; done < steps; done += unroll) {
          const count = Math.min(unroll, steps - done)
          const stretch = loop({
            count,
            state: done ? state.map(stopGradient) : state,
            body(_, now) {
              const next = step(plan, lstm, now, support, rate, stopGradient)
              return { state: next, scan: [meanOfMeans(losses(plan, parted(plan, next[0]), query), query)] }
            },
          })
          state = stretch.state
          parts.push(sum(stretch.scan[0]))
        }
        const loss = mul(
          1 / steps,
          parts.reduce((total, part) => add(total, part)),
        )
        return { loss, gradient: grad(loss, meta) }
      },
    },
    // Slopes are no constants here: whoever asks for the exact meta-gradient of what is learned gets it.
    adapt({ plan, meta, support, rate, count }) {
      const { start, lstm } = split(plan, meta)
      const { state } = loop({
        count,
        state: begin(start),
        body: (_, now) => ({ state: step(plan, lstm, now, support, rate, (slope) => slope) }),
      })
      return { pieces: parted(plan, state[0]) }
    },
  }
}

export const learnedOptimizer = metaMethod<z.infer<typeof Params>>({
  id: 'learned-optimizer',
  name: 'Learned optimizer',
  about: 'Learns how to step: a small recurrent network turns the slope of each weight into its change. Slow to train.',
  cite: 'Andrychowicz et al. 2016, Learning to learn by gradient descent by gradient descent',
  params: Params,
  twins: ['meta-sgd', 'from-scratch'],
  passes: (p) => p.iterations * p.metaBatch * p.innerSteps * (6 * ROWS + 36 * p.cells * p.cells),
  learning: (p) => bySteps(p, learnedOptimizerStrategy(p.innerSteps, p.unroll, p.cells)),
})
