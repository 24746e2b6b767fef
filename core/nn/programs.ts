import { add, cast, compile, flatten, gather, grad, input, loop, size, unflatten } from '../engine/index.ts'
import type { Expr, Program } from '../engine/index.ts'
import { adam } from './adam.ts'
import { balancedProgram } from './balancedPrograms.ts'
import type { Part } from './balancedPrograms.ts'
import { forward } from './layers.ts'
import { chooseHeads, sharedLoss, stackedLoss } from './losses.ts'
import { layerShapes, parameterCount } from './plan.ts'
import type { Plan } from './plan.ts'

/**
 * Many mini-batch steps in one call: parameters and Adam's state carried along, data fed once, each step gathering its
 * batch. Row counts are symbols, so that all folds of a method share one compiled program.
 *
 * in: theta, m, v [param]; t (steps so far), lr, decay; x [row, input]; y, weight [line, column];
 *     owner [line, column] (shared) or rowOf [line] (stacked); batch [step, row] or [step, net, row] of lines
 * out: theta1, m1, v1; loss [step]
 */
export function trainingProgram(plan: Plan): Program {
  const shapes = layerShapes(plan)
  const size1 = parameterCount(plan)
  const { x, y, weight, owner, rowOf } = dataInputs(plan)
  const batch = input('batch', plan.stacked ? ['steps', plan.columns.length, 'batchRows'] : ['steps', 'batchRows'])
  const [t, lr, rate] = ['t', 'lr', 'decay'].map((name) => input(name, []))
  const first = ['theta', 'm', 'v'].map((name) => input(name, [size1]))
  const { state, scan } = loop({
    count: 'steps',
    state: first,
    body(i, [theta, m, v]) {
      const lines = cast(gather(batch, i), 'int64')
      const pieces = unflatten(
        theta,
        shapes.map((layer) => layer.shape),
      )
      const rows = size('batchRows')
      const loss = plan.stacked
        ? stackedLoss(
            plan,
            forward(plan.activation, pieces, gather(x, cast(gather(rowOf, lines), 'int64'))),
            gather(y, lines),
            gather(weight, lines),
            rows,
          )
        : sharedLoss(
            plan,
            chooseHeads(plan, forward(plan.activation, pieces, gather(x, lines)), gather(owner, lines)),
            gather(y, lines),
            gather(weight, lines),
            rows,
          )
      const next = adam({ theta, m, v }, flatten(grad(loss, pieces)), add(add(cast(i, 'float'), t), 1), lr, {
        rate,
        pieces,
        decays: shapes.map((layer) => !layer.bias),
      })
      return { state: [next.theta, next.m, next.v], scan: [loss] }
    },
  })
  return compile({ theta1: state[0], m1: state[1], v1: state[2], loss: scan[0] })
}

/**
 * The last layer for given rows. Shared: x [row, input], owner [row, column] -> z [row, chosen units]. Stacked: x and
 * `at` [net, row], the rows that each network is asked for -> z [net, row, units].
 */
export function outputProgram(plan: Plan): Program {
  const theta = input('theta', [parameterCount(plan)])
  const pieces = unflatten(
    theta,
    layerShapes(plan).map((layer) => layer.shape),
  )
  const x = input('x', ['rows', plan.inputs.length])
  if (plan.stacked) {
    const at = input('at', [plan.columns.length, 'asked'])
    return compile({ z: forward(plan.activation, pieces, gather(x, cast(at, 'int64'))) })
  }
  const owner = input('owner', ['rows', plan.columns.length])
  return compile({ z: chooseHeads(plan, forward(plan.activation, pieces, x), owner) })
}

function dataInputs(plan: Plan): Record<'x' | 'y' | 'weight' | 'owner' | 'rowOf', Expr> {
  const columns = plan.stacked ? 1 : plan.columns.length
  const lines = plan.stacked ? 'lines' : 'rows'
  return {
    x: input('x', ['rows', plan.inputs.length]),
    y: input('y', [lines, columns]),
    weight: input('weight', [lines, columns]),
    owner: input('owner', [lines, columns]),
    rowOf: input('rowOf', [lines]),
  }
}

/** Programs depend on the plan's shape alone; building one takes longer than a small fit's chunk. */
const known = new Map<string, Program>()
const MOST_KNOWN = 64

export function programOf(name: 'train' | 'output' | Part, plan: Plan): Program {
  const key = JSON.stringify([
    name,
    plan.inputs.length,
    plan.hidden,
    plan.activation,
    plan.stacked,
    plan.columns.map((column) => [column.kind, column.width, column.tasks?.length ?? 1]),
  ])
  let program = known.get(key)
  if (!program) {
    if (name === 'train') program = trainingProgram(plan)
    else program = name === 'output' ? outputProgram(plan) : balancedProgram(name, plan)
    if (known.size >= MOST_KNOWN) known.delete(known.keys().next().value as string)
    known.set(key, program)
  }
  return program
}
