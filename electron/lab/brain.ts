import type { Network } from '../../core/contract.ts'
import type { NetworkView } from '../../core/method.ts'
import { cannotDo } from './cannot.ts'
import type { Context, Handlers } from './context.ts'
import { askModel, trainedModel } from './models.ts'

type Calls = 'run.network' | 'run.lesion' | 'run.service' | 'run.innerLoop'

export function brainCalls(c: Context): Handlers<Calls> {
  return {
    async 'run.network'({ run: id }) {
      const { run, model } = await trainedModel(c, id)
      const network = model.network?.()
      if (!network) throw cannotDo(run.methodKey, 'show a network', 'Take a run of a neural network.')
      return toJson(network)
    },

    'run.innerLoop': ({ run, steps, tasks }) =>
      askModel(c, run, 'innerLoop', (rows) => ({ ...rows, steps: steps ?? null, tasks })),

    'run.lesion': ({ run, silence }) => askModel(c, run, 'lesion', (rows) => ({ ...rows, silence })),

    'run.service': ({ run }) => askModel(c, run, 'service', (rows) => rows),
  }
}

function toJson({ layers, edges }: NetworkView): Network {
  return {
    layers,
    edges: edges.map(({ from, to, weights, bias }) => ({
      from,
      to,
      weights: Array.from(weights, short),
      bias: bias && Array.from(bias, short),
    })),
  }
}

/** Six figures are more than a diagram shows, and keep a large network within one message. */
const short = (value: number) => Number(value.toPrecision(6))
