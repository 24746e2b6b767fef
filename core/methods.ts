import { z } from 'zod'
import { knn } from './classical/knn.ts'
import { logistic } from './classical/logistic.ts'
import { mean } from './classical/mean.ts'
import { pooledLogistic, pooledLogisticIntercepts } from './classical/pooledLogistic.ts'
import { pooledRidge, pooledRidgeIntercepts } from './classical/pooledRidge.ts'
import { randomForest, singleTaskForest } from './classical/randomForest.ts'
import { ridge } from './classical/ridge.ts'
import { UserError } from './errors.ts'
import { alpaca } from './metalearning/alpaca.ts'
import { anil } from './metalearning/anil.ts'
import { cavia } from './metalearning/cavia.ts'
import { conditionalNeuralProcess } from './metalearning/conditionalNeuralProcess.ts'
import { firstOrderMaml } from './metalearning/firstOrderMaml.ts'
import { classMeans } from './metalearning/classes/classMeans.ts'
import { mamlClasses } from './metalearning/classes/mamlClasses.ts'
import { prototypical } from './metalearning/classes/prototypical.ts'
import { fromScratch } from './metalearning/fromScratch.ts'
import { implicitMaml } from './metalearning/implicitMaml.ts'
import { learnedOptimizer } from './metalearning/learnedOptimizer.ts'
import { maml } from './metalearning/maml.ts'
import { mamlPlusPlus } from './metalearning/mamlPlusPlus.ts'
import { metaSgd } from './metalearning/metaSgd.ts'
import { pretrain, pretrainHead } from './metalearning/pretrain.ts'
import { reptile } from './metalearning/reptile.ts'
import { ridgeHead } from './metalearning/ridgeHead.ts'
import type { Method } from './method.ts'
import { clustered } from './multitask/clustered.ts'
import { crossStitchNetwork } from './multitask/crossStitch.ts'
import { filmNetwork } from './multitask/film.ts'
import { learnedBranching } from './multitask/learnedBranching.ts'
import { mmoe } from './multitask/mmoe.ts'
import { ple } from './multitask/ple.ts'
import { softSharing } from './multitask/softSharing.ts'
import { taskAdapters } from './multitask/taskAdapters.ts'
import { taskAttention } from './multitask/taskAttention.ts'
import { gaussianProcess } from './multitask/gaussianProcess.ts'
import { hardSharing } from './multitask/hardSharing.ts'
import { graphRegularised } from './multitask/graphRegularised.ts'
import { hierarchical } from './multitask/hierarchical.ts'
import { meanRegularised } from './multitask/meanRegularised.ts'
import { meanRegularisedLogistic } from './multitask/meanRegularisedLogistic.ts'
import { multiTaskElasticNet, multiTaskLasso } from './multitask/multiTaskLasso.ts'
import { pooledMlp, pooledMlpIntercepts } from './multitask/pooled.ts'
import { pls } from './multitask/pls.ts'
import { forestChain, stackedForest } from './multitask/forestChain.ts'
import { regressorChain, stackedRidge } from './multitask/regressorChain.ts'
import { singleTaskMlp } from './multitask/singleTask.ts'
import { robust } from './multitask/robust.ts'
import { traceNorm } from './multitask/traceNorm.ts'

/** The one list of all methods: form, docs, command line and the contract test read it. Baselines first. */
export const methods: Method[] = [
  mean,
  ridge,
  logistic,
  pooledRidge,
  pooledRidgeIntercepts,
  pooledLogistic,
  pooledLogisticIntercepts,
  knn,
  singleTaskForest,
  randomForest,
  multiTaskLasso,
  multiTaskElasticNet,
  traceNorm,
  robust,
  regressorChain,
  stackedRidge,
  forestChain,
  stackedForest,
  pls,
  meanRegularised,
  meanRegularisedLogistic,
  graphRegularised,
  clustered,
  hierarchical,
  gaussianProcess,
  singleTaskMlp,
  pooledMlp,
  pooledMlpIntercepts,
  hardSharing,
  softSharing,
  filmNetwork,
  taskAdapters,
  crossStitchNetwork,
  mmoe,
  ple,
  learnedBranching,
  taskAttention,
  fromScratch,
  pretrain,
  pretrainHead,
  maml,
  firstOrderMaml,
  mamlPlusPlus,
  anil,
  metaSgd,
  reptile,
  implicitMaml,
  cavia,
  ridgeHead,
  alpaca,
  conditionalNeuralProcess,
  learnedOptimizer,
  classMeans,
  prototypical,
  mamlClasses,
]

/** Throws a UserError that names the nearest id. */
export function method(id: string): Method {
  const found = methods.find((m) => m.id === id)
  if (found) return found
  const nearest = [...methods].sort((a, b) => distance(id, a.id) - distance(id, b.id))[0]
  throw new UserError({
    code: 'unknown-method',
    who: 'Method',
    rule: `must be one of ${methods.map((m) => m.id).join(', ')}.`,
    got: `"${id}"`,
    remedy: distance(id, nearest.id) * 2 <= id.length ? `Did you mean "${nearest.id}"?` : 'Choose one of these.',
  })
}

/** The parameters with defaults filled in. Throws a UserError naming the parameter, its rule and its default. */
export function paramsOf(m: Method, given: Record<string, unknown>): Record<string, unknown> {
  const parsed = m.params.safeParse(given)
  if (parsed.success) return parsed.data as Record<string, unknown>
  const issue = parsed.error.issues[0]
  const defaults = m.params.parse({}) as Record<string, unknown>
  if (issue.code === 'unrecognized_keys') {
    const names = Object.keys(defaults)
    throw new UserError({
      code: 'unknown-parameter',
      who: `Parameters of ${m.id}`,
      rule: names.length ? `must be among ${names.join(', ')}.` : 'must be empty: it has none.',
      got: issue.keys.map((key) => `"${key}"`).join(', '),
      remedy: 'Remove it or correct its name.',
    })
  }
  const name = String(issue.path[0])
  throw new UserError({
    code: 'invalid-parameter',
    who: `${issue.path.join('.')} of ${m.id}`,
    rule: ruleOf(m, name) ?? `must be valid: ${issue.message}.`,
    got: JSON.stringify(given[name]) ?? 'nothing',
    remedy: `Try ${JSON.stringify(defaults[name])}.`,
  })
}

/** "must be a number in [0, 1]." from the JSON Schema of the parameter. */
function ruleOf(m: Method, name: string): string | null {
  const schema = z.toJSONSchema(m.params, { io: 'input' }) as { properties?: Record<string, Json> }
  const p = schema.properties?.[name]
  if (!p) return null
  if (p.enum) return `must be one of ${p.enum.map((v) => JSON.stringify(v)).join(', ')}.`
  if (p.type === 'array' && p.items)
    return `must be a list of ${p.minItems ?? 0} to ${p.maxItems ?? 'any number of'} entries, each ${range(p.items)}.`
  return p.type === 'boolean' ? 'must be true or false.' : `must be ${range(p)}.`
}

type Json = {
  type?: string
  enum?: unknown[]
  items?: Json
  minItems?: number
  maxItems?: number
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
}

function range(p: Json): string {
  const noun = p.type === 'integer' ? 'a whole number' : p.type === 'number' ? 'a number' : `a ${p.type}`
  const low =
    p.exclusiveMinimum !== undefined ? `(${p.exclusiveMinimum}` : p.minimum !== undefined ? `[${p.minimum}` : null
  const high =
    p.exclusiveMaximum !== undefined ? `${p.exclusiveMaximum})` : p.maximum !== undefined ? `${p.maximum}]` : null
  return low || high ? `${noun} in ${low ?? '(-inf'}, ${high ?? 'inf)'}` : noun
}

/** Edits between two words (Levenshtein 1966). */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++)
      current[j] = Math.min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
    previous = current
  }
  return previous[b.length]
}
