import { z } from 'zod'
import type { Linear } from '../classical/linear.ts'
import { linearMethod, outputsByTarget } from '../classical/linearMethod.ts'
import { UserError } from '../errors.ts'
import type { Frame, Output } from '../frame.ts'
import type { FitEvent } from '../method.ts'
import { crossProducts } from './crossProducts.ts'
import { fitMixed, mixedWork, randomEffects } from './mixedModel.ts'
import type { MixedModel } from './mixedModel.ts'
import { search } from '../search.ts'

/**
 * The hierarchical linear model, the statistician's multi-task learner: the lines of the tasks are drawn from one
 * normal distribution, whose mean and spread are estimated from all of them; each task's line is what is then expected
 * of it given its rows, so that tasks with few rows shrink towards the common line. How much is shared is learned, not
 * set. core/multitask/mixedModel.ts has the formulas. Inputs that say nothing new (constant, or sums of others, such as
 * the last level of a category) are left out, as lme4 does. A task never seen gets the common line.
 */
const Params = z.strictObject({
  random: z
    .enum(['slopes', 'intercepts'])
    .default('slopes')
    .describe('What differs between tasks: their level alone ("intercepts"), or the effect of every input too.')
    .meta(search({ choices: ['intercepts', 'slopes'] })),
  covariance: z
    .enum(['full', 'diagonal'])
    .default('full')
    .describe('Whether levels and slopes may go together over tasks ("full"), or are independent of each other.'),
  estimation: z
    .enum(['reml', 'ml'])
    .default('reml')
    .describe('Restricted maximum likelihood, which counts the common line as unknown, or plain maximum likelihood.'),
})
type Params = z.infer<typeof Params>

/** What is known of the spread of tasks in one target; columns are indices into [inputs, 1]. */
const Spread = z.object({
  target: z.string(),
  random: z.array(z.int().nonnegative()),
  covariance: z.array(z.number()),
  sd: z.number().positive(),
})
type Spread = z.infer<typeof Spread>
const Spreads = z.array(Spread)

export const hierarchical = linearMethod<Params>({
  id: 'hierarchical-linear',
  family: 'multitask',
  twins: ['ridge'],
  beside: ['metalearning'],
  name: 'Hierarchical linear model',
  about: 'A straight line per task, drawn towards the common line as far as the tasks turn out to be alike.',
  cite: 'Laird and Ware 1982, Random-effects models for longitudinal data; Bates et al. 2015, lme4',
  params: Params,
  can: { needsTaskColumn: true, newTask: true },
  work(s, { random }) {
    const p = s.features + 1
    const q = random === 'slopes' ? p : 1
    return s.rows * s.targets * p ** 2 + 60 * mixedWork(s.tasks, p, q) + 1
  },
  fit: fitHierarchical,
  adapt: adapted,
  keeps(kept, { encoder }) {
    const size = encoder.names.length + 1
    const spreads = Spreads.safeParse(kept)
    if (!spreads.success) return false
    return spreads.data.every(
      ({ random, covariance }) => covariance.length === random.length ** 2 && random.every((column) => column < size),
    )
  },
})

/** Most multiply-adds between two yields, so that a fit can be stopped within some tens of milliseconds. */
const CHUNK = 2e7

function* fitHierarchical(frame: Frame, params: Params): Generator<FitEvent, Linear> {
  const { encoder, outputs } = frame
  const size = encoder.names.length + 1
  const fresh = new Map<string, Float64Array>()
  const spreads: Spread[] = []
  const coefficients: Float64Array[] = []
  let parameters = 0
  const targets = outputsByTarget(frame)
  let done = 0
  for (const [target, own] of targets) {
    const cells = own.reduce((sum, k) => sum + outputs[k].cells, 0)
    const shift = own.reduce((sum, k) => sum + outputs[k].mean * outputs[k].cells, 0) / cells
    const sums = own.map((k) => crossProducts(frame.x, size - 1, frame.cells[k], shift))
    const kept = independent(sums, size)
    if (cells <= kept.length) throw tooFew(target, cells, kept.length)
    const groups = sums.map((all) => selected(all, size + 1, [...kept, size]))
    const random = kept.flatMap((column, i) => (params.random === 'slopes' || column === size - 1 ? [i] : []))
    const reml = params.estimation === 'reml'
    const fitting = fitMixed(groups, kept.length, cells, { random, reml, covariance: params.covariance })
    const chunk = Math.ceil(CHUNK / mixedWork(groups.length, kept.length, random.length))
    let next = fitting.next()
    for (let step = 1; !next.done; next = fitting.next(), step++)
      if (step % chunk === 0) yield { type: 'progress', done: done + 1 - 1 / (1 + step / 20), of: targets.size }
    const mixed = next.value
    yield { type: 'progress', done: ++done, of: targets.size }
    const common = new Float64Array(size)
    kept.forEach((column, i) => (common[column] = mixed.fixed[i]))
    common[size - 1] += shift
    fresh.set(target, common)
    for (const [g, k] of own.entries()) {
      const line = common.slice()
      const effects = randomEffects(groups[g], kept.length, random, mixed)
      random.forEach((i, r) => (line[kept[i]] += effects[r]))
      coefficients[k] = line
    }
    const { covariance, sd } = mixed
    spreads.push({ target, random: random.map((i) => kept[i]), covariance: [...covariance], sd })
    parameters += kept.length + random.length * own.length
  }
  return { encoder, outputs, coefficients, fresh, parameters, kept: spreads }
}

/** The lines expected of the tasks of `support`, given the common lines and spreads as they are. */
function adapted(linear: Linear, frame: Frame): Linear {
  const spreads = linear.kept as Spread[]
  const size = linear.encoder.names.length + 1
  const outputs: Output[] = []
  const coefficients: Float64Array[] = []
  frame.outputs.forEach((output, k) => {
    const spread = spreads.find(({ target }) => target === output.target)
    const common = linear.fresh?.get(output.target)
    if (!spread || !common) return
    // Far from zero a level would drown the rest in rounding.
    const fixed = common.slice()
    fixed[size - 1] -= output.mean
    const mixed: MixedModel = { fixed, covariance: Float64Array.from(spread.covariance), sd: spread.sd, criterion: 0 }
    const sums = crossProducts(frame.x, size - 1, frame.cells[k], output.mean)
    const line = common.slice()
    randomEffects(sums, size, spread.random, mixed).forEach((effect, r) => (line[spread.random[r]] += effect))
    outputs.push(output)
    coefficients.push(line)
  })
  return { ...linear, outputs, coefficients }
}

/** The columns of [inputs, 1] that are not sums of those before them, the level first, by sweeping X'X. */
function independent(groups: Float64Array[], size: number): number[] {
  const full = size + 1
  const gram = new Float64Array(full * full)
  for (const sums of groups) sums.forEach((value, i) => (gram[i] += value))
  const whole = Float64Array.from({ length: size }, (_, j) => gram[j * full + j])
  const kept: number[] = []
  for (const j of [size - 1, ...Array.from({ length: size - 1 }, (_, i) => i)]) {
    const own = gram[j * full + j]
    if (!(own > 1e-9 * whole[j])) continue
    kept.push(j)
    const row = gram.slice(j * full, j * full + size)
    for (let i = 0; i < size; i++) {
      const share = row[i] / own
      if (share !== 0) for (let l = 0; l < size; l++) gram[i * full + l] -= share * row[l]
    }
  }
  return kept.sort((a, b) => a - b)
}

function selected(sums: Float64Array, size: number, columns: number[]): Float64Array {
  return Float64Array.from(columns.flatMap((i) => columns.map((j) => sums[i * size + j])))
}

function tooFew(target: string, cells: number, columns: number): UserError {
  return new UserError({
    code: 'too-few-rows',
    who: `Hierarchical linear model of "${target}"`,
    rule: 'needs more measured rows than it has inputs.',
    got: `${cells} rows for ${columns} inputs, the level among them`,
    remedy: 'Use fewer inputs, more rows, or a method that holds its coefficients back, such as "mean-regularised".',
  })
}
