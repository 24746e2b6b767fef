import { add, cast, compile, gather, grad, input, loop, size, unflatten } from '../engine/index.ts'
import type { Expr, Program } from '../engine/index.ts'
import { programOf as kept } from '../engine/programCache.ts'
import type { Recipe } from '../engine/programCache.ts'
import { adam } from './adam.ts'
import { architectureOf, sizeOf } from './architecture.ts'
import { balancedProgram } from './balancedPrograms.ts'
import type { Part } from './balancedPrograms.ts'
import type { Architecture, Probe } from './blocks.ts'
import { chooseByOwner } from './choice.ts'
import { sharedLoss, stackedLoss } from './losses.ts'
import { dropoutProbe, gradientOf, NO_EXTRAS, rateOf } from './regularise.ts'
import type { Extras } from './regularise.ts'
import { lesionProbe, unitsIn } from './sketch.ts'
import type { Plan } from './plan.ts'

/**
 * Many mini-batch steps in one call: parameters and Adam's state carried along, data fed once, each step gathering its
 * batch. Row counts are symbols, so that all folds of a method share one compiled program.
 *
 * in: theta, m, v [param]; t (steps so far), lr, decay, and what the extras read; x [row, input]; y, weight [line, column];
 *     owner [line, column] (shared) or rowOf [line] (stacked); batch [step, row] or [step, net, row] of lines
 * out: theta1, m1, v1; loss [step]
 */
export function trainingProgram(plan: Plan, extras: Extras = NO_EXTRAS): Program {
  const architecture = architectureOf(plan)
  const { blocks, penalty } = architecture
  const length = sizeOf(architecture)
  const data = dataInputs(plan)
  const batch = input('batch', plan.stacked ? ['steps', plan.columns.length, 'batchRows'] : ['steps', 'batchRows'])
  const [t, lr, rate] = ['t', 'lr', 'decay'].map((name) => input(name, []))
  const first = ['theta', 'm', 'v'].map((name) => input(name, [length]))
  const { state, scan } = loop({
    count: 'steps',
    state: first,
    body(i, [theta, m, v]) {
      const lines = cast(gather(batch, i), 'int64')
      const pieces = unflatten(
        theta,
        blocks.map((block) => block.shape),
      )
      const step = add(add(cast(i, 'float'), t), 1)
      const fit = batchLoss(architecture, pieces, lines, data, dropoutProbe(extras, architecture, step))
      const loss = penalty ? add(fit, penalty(pieces)) : fit
      const gradient = gradientOf(extras, architecture, grad(loss, pieces))
      const next = adam({ theta, m, v }, gradient, step, rateOf(extras, lr, step), {
        rate,
        pieces,
        decays: blocks.map((block) => !block.bias),
      })
      return { state: [next.theta, next.m, next.v], scan: [loss] }
    },
  })
  return compile({ theta1: state[0], m1: state[1], v1: state[2], loss: scan[0] })
}

/** The loss of some lines, [row] or [net, row], without penalty. */
function batchLoss(
  architecture: Architecture,
  pieces: readonly Expr[],
  lines: Expr,
  { x, y, weight, owner, rowOf }: ReturnType<typeof dataInputs>,
  probe: Probe | undefined,
): Expr {
  const { plan } = architecture
  const rows = size('batchRows')
  if (plan.stacked) {
    const z = architecture.forward(pieces, gather(x, cast(gather(rowOf, lines), 'int64')), null, probe)
    return stackedLoss(plan, z, gather(y, lines), gather(weight, lines), rows)
  }
  const z = architecture.forward(pieces, gather(x, lines), chooseByOwner(plan, gather(owner, lines)), probe)
  return sharedLoss(plan, z, gather(y, lines), gather(weight, lines), rows)
}

/**
 * The last layer for given rows. Shared: x [row, input], owner [row, column] -> z [row, chosen units]. Stacked: x and
 * `at` [net, row], the rows that each network is asked for -> z [net, row, units]. With lesions, `alive` [unit] is fed.
 */
function outputProgram(plan: Plan, lesions: boolean): Program {
  const architecture = architectureOf(plan)
  const { blocks, layers } = architecture
  const theta = input('theta', [sizeOf(architecture)])
  const pieces = unflatten(
    theta,
    blocks.map((block) => block.shape),
  )
  const x = input('x', ['rows', plan.inputs.length])
  if (plan.stacked) {
    const at = input('at', [plan.columns.length, 'asked'])
    return compile({ z: architecture.forward(pieces, gather(x, cast(at, 'int64')), null) })
  }
  const owner = input('owner', ['rows', plan.columns.length])
  const probe = lesions && layers ? lesionProbe(layers, input('alive', [unitsIn(layers)])) : undefined
  return compile({ z: architecture.forward(pieces, x, chooseByOwner(plan, owner), probe) })
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

/** What a program of a plan depends on: its name and the plan's shape. */
export function recipeOf(name: string, plan: Plan): Recipe {
  const columns = plan.columns.map((column) => [column.kind, column.width, column.tasks?.length ?? 1])
  return [name, plan.inputs.length, plan.hidden, plan.activation, plan.stacked, columns, plan.design]
}

export function programOf(name: 'output' | 'lesioned', plan: Plan): Program {
  return kept(recipeOf(name, plan), () => outputProgram(plan, name === 'lesioned'))
}

/** A program that trains; without extras it goes by the same name as before there were any. */
export function trainerOf(name: 'train' | Part, plan: Plan, extras: Extras): Program {
  const plain = !extras.dropout && !extras.clip && extras.schedule === 'constant'
  const recipe = recipeOf(name, plan)
  return kept(plain ? recipe : [...recipe, extras], () =>
    name === 'train' ? trainingProgram(plan, extras) : balancedProgram(name, plan, extras),
  )
}
