import { fitEncoder } from '../data/encoding.ts'
import type { Encoder } from '../data/encoding.ts'
import type { View } from '../data/taskSet.ts'
import { frameOf, onlyKinds, wholeFold } from '../frame.ts'
import type { Frame } from '../frame.ts'
import type { Can, FitContext, FitEvent, Method } from '../method.ts'
import { damaged } from '../pack.ts'
import { linearModel, loadLinear } from './linear.ts'
import type { Linear } from './linear.ts'

/**
 * A method whose model is linear in the encoded inputs: it says how the lines are found, and here stands what all of
 * them have in common. They learn from every row of the fold (none is kept for early stopping), only from tasks of
 * their kinds, and their model is saved, drawn and exported in one way.
 */
export type LinearPlan<P> = Pick<
  Method<P>,
  | 'id'
  | 'family'
  | 'name'
  | 'about'
  | 'cite'
  | 'params'
  | 'twins'
  | 'ignoresTasks'
  | 'ignoresWeights'
  | 'anyWays'
  | 'beside'
  | 'work'
> & {
  /** Where it differs from what most linear methods can: number targets, many of them, with holes, by task or not. */
  can?: Partial<Omit<Can, 'adapt' | 'onnx' | 'resume' | 'network'>>
  /** How inputs become numbers; default: `fitEncoder`. */
  encode?(view: View): Encoder
  /** Long fits yield on their way. */
  fit(frame: Frame, params: P, context: FitContext): Linear | Generator<FitEvent, Linear>
  /** The lines of the tasks of `support`, which is encoded as the model's own rows were. */
  adapt?(linear: Linear, support: Frame, params: P): Linear
  /** Whether `Linear.kept` of a stored model is what `adapt` needs. */
  keeps?(kept: unknown, linear: Linear): boolean
}

export function linearMethod<P>(plan: LinearPlan<P>): Method<P> {
  const { can: own, encode = fitEncoder, fit, adapt, keeps, ...said } = plan
  const can: Can = {
    taskColumn: true,
    needsTaskColumn: false,
    manyTargets: true,
    missingTargets: true,
    kinds: ['regression'],
    newTask: false,
    ...own,
    adapt: adapt !== undefined,
    onnx: true,
    resume: false,
    network: true,
  }
  const modelOf = (linear: Linear, params: P) =>
    linearModel(
      linear,
      params,
      adapt && (async (support) => adapt(linear, frameOf(onlyKinds(support, can.kinds), linear.encoder), params)),
    )
  return {
    ...said,
    can,
    async *fit(context, params) {
      const view = onlyKinds(wholeFold(context), can.kinds)
      const found = fit(frameOf(view, encode(view)), params, context)
      return modelOf('next' in found ? yield* found : found, params)
    },
    load(bytes) {
      const { linear, params } = loadLinear(bytes)
      const parsed = said.params.safeParse(params)
      if (!parsed.success) throw damaged('a linear model without its parameters')
      if (keeps && !keeps(linear.kept, linear)) throw damaged('a linear model without what it needs for new tasks')
      return modelOf(linear, parsed.data)
    },
  }
}

/** The indices of the outputs of every target, in the order of the targets. */
export function outputsByTarget({ outputs }: Pick<Frame, 'outputs'>): Map<string, number[]> {
  const found = new Map<string, number[]>()
  outputs.forEach(({ target }, k) => {
    const own = found.get(target)
    if (own) own.push(k)
    else found.set(target, [k])
  })
  return found
}
