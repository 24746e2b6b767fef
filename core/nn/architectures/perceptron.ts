import { initialise, forward } from '../layers.ts'
import type { Architecture } from '../blocks.ts'
import { chooseHeads } from '../losses.ts'
import { layerShapes, parameterCount } from '../plan.ts'
import type { Plan } from '../plan.ts'
import { perceptronView } from '../perceptronView.ts'

/** A plan without a design: one trunk with a linear head per task, or one whole network per column side by side. */
export function perceptron(plan: Plan): Architecture {
  const nets = plan.stacked ? plan.columns.length : 1
  const shapes = layerShapes(plan)
  return {
    plan,
    nets,
    blocks: shapes.map(({ shape, bias }, k) => ({
      name: `layer${(k >> 1) + 1}${bias ? '.bias' : ''}`,
      shape,
      start: 0,
      bias,
      owner: plan.stacked || k >= shapes.length - 2 ? 'task' : 'shared',
    })),
    perLine: parameterCount(plan) / nets,
    linesAtOnce: plan.stacked ? 1024 : 16_384,
    initialise: (random) => initialise(plan, random),
    forward(pieces, x, choice, probe) {
      const z = forward(plan.activation, pieces, x, probe)
      return plan.stacked || !choice?.owner ? z : chooseHeads(plan, z, choice.owner)
    },
    penalty: null,
    layers: null,
    view: (theta) => perceptronView(plan, theta),
  }
}
